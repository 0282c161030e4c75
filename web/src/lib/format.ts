import { dateFormat, numberFormat } from "./formatters.ts";
import { languageOf, type Language } from "./language.ts";
import type { Eta } from "./wire.ts";

/** Numbers and times as people say them. Pure: now, locale and time zone come in as values. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface Region {
  /** BCP 47, for example "en-GB". */
  locale: string;
  /** IANA name; undefined is the device's own. */
  timeZone?: string;
}

/** The few words among the numbers; units are the same in all our languages. */
const english = {
  now: "just now",
  ago: (age: string): string => `${age} ago`,
  today: "today",
  tomorrow: "tomorrow",
  moments: "less than a minute",
  about: (time: string): string => `about ${time}`,
};
const WORDS: Record<Language, typeof english> = {
  en: english,
  es: {
    now: "ahora mismo",
    ago: (age) => `hace ${age}`,
    today: "hoy",
    tomorrow: "mañana",
    moments: "menos de un minuto",
    about: (time) => `unos ${time}`,
  },
};
const wordsOf = (region: Region): typeof english => WORDS[languageOf([region.locale])];

/** "just now", "40 s ago", "2 min ago", "1 h 5 min ago", then the date and time. */
export function ago(then_ms: number, now_ms: number, region: Region): string {
  const age_ms = Math.max(0, now_ms - then_ms);
  const words = wordsOf(region);
  if (age_ms < 5 * SECOND) return words.now;
  if (age_ms < MINUTE) return words.ago(`${Math.floor(age_ms / SECOND)} s`);
  if (age_ms < HOUR) return words.ago(`${Math.floor(age_ms / MINUTE)} min`);
  if (age_ms < DAY) return words.ago(hours(age_ms));
  return `${day(then_ms, now_ms, region)}, ${clock(then_ms, region)}`;
}

/** How long something takes or has lasted, in whole minutes: "1 min", "2 h 5 min", "3 d 4 h". */
export function duration(ms: number): string {
  if (ms < HOUR) return `${Math.max(1, Math.floor(ms / MINUTE))} min`;
  if (ms < DAY) return hours(ms);
  const left = Math.floor((ms % DAY) / HOUR);
  return `${Math.floor(ms / DAY)} d${left === 0 ? "" : ` ${left} h`}`;
}

function hours(ms: number): string {
  const h = Math.floor(ms / HOUR);
  const min = Math.floor((ms % HOUR) / MINUTE);
  return min === 0 ? `${h} h` : `${h} h ${min} min`;
}

/** "09:05" and "14:32", or "2:32 PM" where people write it so. */
export function clock(ms: number, region: Region): string {
  const { hour12 } = dateFormat(region.locale, { hour: "numeric" }).resolvedOptions();
  return part(ms, region, { hour: hour12 === true ? "numeric" : "2-digit", minute: "2-digit" });
}

/** "today", "tomorrow", or "Tue 24 Nov". */
export function day(ms: number, now_ms: number, region: Region): string {
  const date = (at: number): string => part(at, region, { year: "numeric", month: "numeric", day: "numeric" });
  if (date(ms) === date(now_ms)) return wordsOf(region).today;
  if (date(ms) === date(now_ms + DAY)) return wordsOf(region).tomorrow;
  return part(ms, region, { weekday: "short", day: "numeric", month: "short" });
}

/** The agreed time of a visit: "today, 14:00–16:00". */
export function timeWindow(start_ms: number, end_ms: number, now_ms: number, region: Region): string {
  const on = day(start_ms, now_ms, region);
  const until = day(end_ms, now_ms, region);
  const from = `${on}, ${clock(start_ms, region)}`;
  return on === until ? `${from}–${clock(end_ms, region)}` : `${from} – ${until}, ${clock(end_ms, region)}`;
}

/**
 * The same as it was agreed on: in the company's zone (null: not known), whose name is said where the reader's own
 * clock shows another time.
 */
export function agreedWindow(start_ms: number, end_ms: number, now_ms: number, region: Region, zone: string | null): string {
  const here = timeWindow(start_ms, end_ms, now_ms, region);
  if (zone === null) return here;
  try {
    const there = timeWindow(start_ms, end_ms, now_ms, { ...region, timeZone: zone });
    return there === here ? here : `${there} (${zoneName(start_ms, region, zone)})`;
  } catch {
    return here; // this browser does not know the zone
  }
}

function zoneName(ms: number, region: Region, zone: string): string {
  const parts = dateFormat(region.locale, { timeZone: zone, timeZoneName: "short" }).formatToParts(ms);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? zone;
}

/** When something happened: "21 Nov, 14:32". */
export function moment(ms: number, region: Region): string {
  return `${part(ms, region, { day: "numeric", month: "short" })}, ${clock(ms, region)}`;
}

function part(ms: number, region: Region, options: Intl.DateTimeFormatOptions): string {
  const zone = region.timeZone === undefined ? {} : { timeZone: region.timeZone };
  return dateFormat(region.locale, { ...options, ...zone }).format(ms);
}

export interface Arrival {
  /** "8–12 min", "about 1 h 20 min", "less than a minute". */
  band: string;
  /** Epoch milliseconds of the expected arrival. */
  at_ms: number;
}

/** What is left of an estimate that was made `age_s` seconds ago. */
export function arrival(eta: Eta, age_s: number, now_ms: number, region: Region): Arrival {
  const left = (seconds: number): number => Math.max(0, seconds - Math.max(0, age_s));
  const at_ms = now_ms + left(eta.seconds) * SECOND;
  return { band: band(left(eta.low), left(eta.seconds), left(eta.high), region), at_ms };
}

/** A band in whole minutes, rounded outwards so that it never promises more than the estimate does. */
export function band(low_s: number, middle_s: number, high_s: number, region: Region): string {
  const low = Math.floor(Math.min(low_s, middle_s) / 60);
  const high = Math.ceil(Math.max(high_s, middle_s) / 60);
  if (high <= 1) return wordsOf(region).moments;
  if (high >= 90) return wordsOf(region).about(hours(Math.round(middle_s / 300) * 5 * MINUTE));
  const from = Math.max(1, low);
  return from === high ? `${high} min` : `${from}–${high} min`;
}

/** "350 m" and "3.2 km", or "0.2 mi" where roads are signed in miles. */
export function distance(metres: number, region: Region): string {
  if (usesMiles(region.locale)) {
    const miles = metres / 1609.344; // international mile
    return `${rounded(miles, region)} mi`;
  }
  if (metres < 950) return `${Math.max(10, Math.round(metres / 10) * 10)} m`;
  return `${rounded(metres / 1000, region)} km`;
}

/** One digit after the point below ten, none above. */
function rounded(value: number, region: Region): string {
  const digits = value < 10 ? 1 : 0;
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  try {
    return numberFormat(region.locale, options).format(value);
  } catch {
    return value.toFixed(digits); // not a locale
  }
}

/** Countries whose road signs are in miles: the United States, the United Kingdom, Liberia, Myanmar. */
function usesMiles(locale: string): boolean {
  try {
    return ["US", "GB", "LR", "MM"].includes(new Intl.Locale(locale).maximize().region ?? "");
  } catch {
    return false;
  }
}

/** An amount of integer cents: "$129.00". `currency` is ISO 4217, in any case. */
export function money(cents: number, region: Region, currency = "USD"): string {
  const style = { style: "currency", currency: currency.toUpperCase(), currencyDisplay: "narrowSymbol" } as const;
  return numberFormat(region.locale, style).format(cents / 100);
}
