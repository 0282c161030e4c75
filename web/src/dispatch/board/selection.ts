/** The chosen jobs of a list: one by one, a whole stretch with Shift, or all that is shown. */
export class Selection {
  private chosen = new Set<string>();
  /** Where a stretch begins: the job that was chosen last. */
  private anchor: string | null = null;

  get ids(): readonly string[] {
    return [...this.chosen];
  }

  get size(): number {
    return this.chosen.size;
  }

  has(id: string): boolean {
    return this.chosen.has(id);
  }

  /** Chooses one, or not any more. */
  set(id: string, chosen: boolean): void {
    if (chosen) this.chosen.add(id);
    else this.chosen.delete(id);
    this.anchor = id;
  }

  /** Does to the whole stretch from the last one to this what is done to this one. `order`: the list as it is shown. */
  stretch(id: string, chosen: boolean, order: readonly string[]): void {
    for (const one of between(order, this.anchor ?? id, id)) this.set(one, chosen);
    this.anchor = id;
  }

  /** Chooses exactly these. */
  replace(ids: Iterable<string>): void {
    this.chosen = new Set(ids);
    this.anchor = null;
  }

  /** What is not shown any more is not chosen any more: nobody does something to jobs that they do not see. */
  keep(shown: ReadonlySet<string>): void {
    for (const id of this.chosen) if (!shown.has(id)) this.chosen.delete(id);
    if (this.anchor !== null && !shown.has(this.anchor)) this.anchor = null;
  }
}

/** The stretch of a list between two of its entries, whichever comes first, both included. */
export function between(order: readonly string[], one: string, other: string): readonly string[] {
  const [a, b] = [order.indexOf(one), order.indexOf(other)];
  if (a < 0 || b < 0) return [other];
  return order.slice(Math.min(a, b), Math.max(a, b) + 1);
}
