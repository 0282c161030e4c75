/** Which tips to offer, and what an amount that somebody typed means. Cents; no page. */

/** As the server's rule (`tracker/money/tips.py`). */
export const MOST_CENTS = 100_000;
const SHARES = [10, 15, 20];
/** For a visit that cost little or nothing. */
const FIXED = [300, 500, 1000];

export interface Offered {
  cents: number;
  /** Of the price, in percent; null: not a share of it. */
  percent: number | null;
}

/** Three amounts: shares of the price in whole units, or fixed ones where those would be next to nothing. */
export function offeredTips(price_cents: number): Offered[] {
  const shares = SHARES.map((percent) => ({ cents: Math.round((price_cents * percent) / 10_000) * 100, percent }));
  const [first, second, third] = shares.map(({ cents }) => cents);
  const useful = first !== undefined && first >= 200 && first !== second && second !== third && (third ?? 0) <= MOST_CENTS;
  return useful ? shares : FIXED.map((cents) => ({ cents, percent: null }));
}

/** "12", "12.5", "12,50" as cents; null for everything that is no amount from one cent to the most. */
export function centsOf(typed: string): number | null {
  const match = /^(\d{1,6})(?:[.,](\d{1,2}))?$/.exec(typed.trim());
  if (match === null) return null;
  const cents = Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0") || "0");
  return cents >= 1 && cents <= MOST_CENTS ? cents : null;
}
