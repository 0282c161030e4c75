import { money } from "../../lib/format.ts";
import { numberFormat } from "../../lib/formatters.ts";
import type { Region } from "../../lib/format.ts";

/** Figures as people write them. Pure: the locale comes in. */

/** A count, or any number with at most so many digits after the point. */
export function plain(value: number, region: Region, digits = 0): string {
  return numberFormat(region.locale, { maximumFractionDigits: digits }).format(value);
}

/** "87%" or "87 %" of a share from 0 to 1. */
export function percent(share: number, region: Region): string {
  return numberFormat(region.locale, { style: "percent", maximumFractionDigits: 0 }).format(share);
}

/** A length of time, signed, in the unit that fits: "40 sec", "12 min", "3.5 hr", "4 days". */
export function lasting(minutes: number, region: Region): string {
  const size = Math.abs(minutes);
  if (size > 0 && size < 1) return unit(minutes * 60, "second", 0, region);
  if (size < 120) return unit(minutes, "minute", size < 10 ? 1 : 0, region);
  if (size < 48 * 60) return unit(minutes / 60, "hour", 1, region);
  return unit(minutes / 1440, "day", 1, region);
}

function unit(value: number, name: "second" | "minute" | "hour" | "day", digits: number, region: Region): string {
  return numberFormat(region.locale, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits }).format(value);
}

/** An amount for an axis: "$1.2K". `units` are whole dollars, not cents. */
export function shortMoney(units: number, region: Region, currency: string): string {
  const style = { style: "currency", currency: currency.toUpperCase(), currencyDisplay: "narrowSymbol", notation: "compact" } as const;
  return numberFormat(region.locale, { ...style, minimumFractionDigits: 0, maximumFractionDigits: Math.abs(units) < 10 ? 2 : 1 }).format(units);
}

/** Millionths of a dollar, which is what providers of messages bill in. */
export function fromMicros(micros: number, region: Region): string {
  return money(micros / 10_000, region, "USD");
}
