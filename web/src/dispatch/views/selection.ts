/** Which rows of a list are selected, by their numbers. Rows that are gone are not selected any more. */
export class Selection {
  private readonly chosen = new Set<number>();
  private readonly changed: () => void;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  get size(): number {
    return this.chosen.size;
  }

  /** The newest first. */
  get numbers(): number[] {
    return [...this.chosen].sort((one, other) => other - one);
  }

  has(number: number): boolean {
    return this.chosen.has(number);
  }

  set(numbers: readonly number[], selected: boolean): void {
    for (const number of numbers) {
      if (selected) this.chosen.add(number);
      else this.chosen.delete(number);
    }
    this.changed();
  }

  /** The list was read anew. */
  keepOnly(numbers: ReadonlySet<number>): void {
    for (const number of this.chosen) if (!numbers.has(number)) this.chosen.delete(number);
    this.changed();
  }

  clear(): void {
    this.chosen.clear();
    this.changed();
  }
}
