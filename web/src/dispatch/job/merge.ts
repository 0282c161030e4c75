/** Two people edit one thing: what each of them changed, and where they meet. Pure. */

/** What a form holds, by field. Values are plain JSON. */
export type Values = Readonly<Record<string, unknown>>;

export interface Merged {
  /** What the form should hold now: mine where I changed it, else theirs. */
  values: Record<string, unknown>;
  /** Fields that they alone changed. */
  theirs: string[];
  /** Fields that both changed, each to something else. */
  clashes: string[];
}

/** Whether two plain values are the same. */
export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The fields that differ from what they were. */
export function changesOf(base: Values, mine: Values): Record<string, unknown> {
  return Object.fromEntries(Object.entries(mine).filter(([name, value]) => !same(value, base[name])));
}

/** `base` is what the form began with, `mine` what it holds, `theirs` what the server says now. */
export function merge(base: Values, mine: Values, theirs: Values): Merged {
  const merged: Merged = { values: {}, theirs: [], clashes: [] };
  for (const [name, value] of Object.entries(mine)) {
    const [was, is] = [base[name], theirs[name]];
    const touched = !same(value, was);
    merged.values[name] = touched ? value : is;
    if (same(is, was) || same(is, value)) continue;
    if (touched) merged.clashes.push(name);
    else merged.theirs.push(name);
  }
  return merged;
}
