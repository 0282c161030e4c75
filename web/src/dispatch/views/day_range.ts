/** Ranges of the company's days, as `2026-11-21`. Pure: no clock, no time zone. */

export interface DayRange {
  first: string;
  last: string;
}

const DAY_MS = 86_400_000;
export const MOST_DAYS = 366;

/** The day so many days after this one. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** How many days a range has, both ends included; less than one: it has none. */
export function daysIn({ first, last }: DayRange): number {
  return Math.round((Date.parse(last) - Date.parse(first)) / DAY_MS) + 1;
}

/** The last so many days up to today. */
export function daysUpTo(today: string, days: number): DayRange {
  return { first: dayAfter(today, 1 - days), last: today };
}

/** As many days, just before these. */
export function rangeBefore(range: DayRange): DayRange {
  const days = daysIn(range);
  return { first: dayAfter(range.first, -days), last: dayAfter(range.last, -days) };
}

/** Whether the server takes this range. */
export function isRange(range: DayRange): boolean {
  const days = daysIn(range);
  return days >= 1 && days <= MOST_DAYS; // and so not NaN
}
