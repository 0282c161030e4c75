/** How much a figure differs from the one of the days before. Pure. */

export interface Difference {
  direction: "more" | "less" | "same";
  /** Relative, as a share of what was before, for amounts; the plain difference for shares and averages. */
  size: number;
}

/** An amount against what it was; null when either is unknown, or when there was nothing to compare with. */
export function ofAmount(now: number | null, before: number | null): Difference | null {
  if (now === null || before === null || before <= 0) return null;
  return differing((now - before) / before, 0.005);
}

/** A share (0–1) against what it was, in percentage points. */
export function ofShare(now: number | null, before: number | null): Difference | null {
  if (now === null || before === null) return null;
  return differing((now - before) * 100, 0.5);
}

/** An average against what it was. */
export function ofAverage(now: number | null, before: number | null): Difference | null {
  if (now === null || before === null) return null;
  return differing(now - before, 0.005);
}

/** What would be written as zero is the same. */
function differing(difference: number, least: number): Difference {
  if (Math.abs(difference) < least) return { direction: "same", size: 0 };
  return { direction: difference > 0 ? "more" : "less", size: Math.abs(difference) };
}
