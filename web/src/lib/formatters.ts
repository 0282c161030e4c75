/**
 * The browser's formatters, each made once: making one costs more than using it a hundred times, and a list of a
 * thousand jobs needs several in every line.
 */

const dates = new Map<string, Intl.DateTimeFormat>();
const numbers = new Map<string, Intl.NumberFormat>();

/** @throws RangeError when the locale is none. */
export function dateFormat(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return kept(dates, locale, options, () => new Intl.DateTimeFormat(locale, options));
}

/** @throws RangeError when the locale is none. */
export function numberFormat(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return kept(numbers, locale, options, () => new Intl.NumberFormat(locale, options));
}

function kept<T>(made: Map<string, T>, locale: string, options: object, make: () => T): T {
  const key = locale + JSON.stringify(options);
  const found = made.get(key);
  if (found !== undefined) return found;
  const fresh = make();
  made.set(key, fresh);
  return fresh;
}
