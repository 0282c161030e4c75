/** Periods that statements are asked for. Pure: today comes in, days go out as `2026-11-21`. */

export type Period = "thisMonth" | "lastMonth" | "quarter" | "year";
export const PERIODS: Period[] = ["thisMonth", "lastMonth", "quarter", "year"];

/** First and last day of a period; `today` is the reader's. */
export function daysOfPeriod(period: Period, today: Date): { first: string; last: string } {
  const [year, month] = [today.getFullYear(), today.getMonth()];
  const now = isoDay(year, month, today.getDate());
  switch (period) {
    case "thisMonth":
      return { first: isoDay(year, month, 1), last: now };
    case "lastMonth":
      return { first: isoDay(year, month - 1, 1), last: isoDay(year, month, 0) };
    case "quarter":
      return { first: isoDay(year, month - 2, 1), last: now };
    case "year":
      return { first: isoDay(year, month - 11, 1), last: now };
  }
}

function isoDay(year: number, month: number, day: number): string {
  return new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10);
}
