/** Which values an axis shows. Pure: numbers in, numbers out. */

/** What an axis measures, and so which steps people can read: 30 is round in minutes, 25 is not. */
export type Kind = "number" | "whole" | "minutes" | "share" | "stars";

export interface Scale {
  /** The axis begins and ends at a tick. */
  low: number;
  high: number;
  ticks: number[];
}

const WANTED_STEPS = 4;
const MINUTES = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440];

/** The axis for these values; nothing to show, or only zeros: from zero to one step. */
export function scaleFor(values: readonly number[], kind: Kind): Scale {
  if (kind === "share") return scaleOf(0, 1, 0.25);
  if (kind === "stars") return scaleOf(1, 5, 1);
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  if (low === high) return scaleOf(0, 1, 1);
  const step = stepFor(high - low, kind);
  return scaleOf(Math.floor(low / step) * step, Math.max(Math.ceil(high / step), low < 0 ? 0 : 1) * step, step);
}

/** The smallest readable step that divides `span` into no more than four, or not many more. */
export function stepFor(span: number, kind: "number" | "whole" | "minutes"): number {
  const least = span / WANTED_STEPS;
  if (kind === "minutes" && least <= MINUTES[MINUTES.length - 1]!) return MINUTES.find((step) => step >= least) ?? 1;
  const decade = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((digit) => digit * decade).find((one) => one >= least * (1 - 1e-9)) ?? 10 * decade;
  return kind === "number" ? step : Math.max(1, step);
}

function scaleOf(low: number, high: number, step: number): Scale {
  const count = Math.round((high - low) / step);
  const ticks = Array.from({ length: count + 1 }, (_, index) => rounded(low + index * step));
  return { low: rounded(low), high: rounded(high), ticks };
}

/** Without the crumbs of binary fractions: 0.1 + 0.2 is 0.3. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

/** Where a value stands between two ends, as pixels. */
export function place(value: number, scale: Scale, from_px: number, to_px: number): number {
  return from_px + ((value - scale.low) / (scale.high - scale.low)) * (to_px - from_px);
}

/** Days between two labels of a time axis. */
const DAY_STEPS = [1, 2, 7, 14, 28, 56, 91, 182];

/** Which of `count` days get a label, so that labels of `label_px` do not touch on `width_px`; the last day is one. */
export function labelledDays(count: number, width_px: number, label_px: number): number[] {
  if (count === 0) return [];
  const room = Math.max(1, Math.floor(width_px / label_px));
  const step = DAY_STEPS.find((days) => Math.ceil(count / days) <= room) ?? count;
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => count - 1 - index * step).reverse();
}
