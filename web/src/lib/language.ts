/**
 * The language of the pages: the first of the person's browser languages that we have, else English.
 *
 * Each page has a catalogue per language, and the type of the English one is what the others must have:
 *
 *     export type Words = typeof english;
 *     const spanish: Words = { … };
 *     export const words = inLanguage({ en: english, es: spanish });
 *
 * Words that stand in a page's markup are marked `data-word="jobs"` and written by `writeFixedWords`.
 */
export const LANGUAGES = ["en", "es"] as const;
export type Language = (typeof LANGUAGES)[number];

/** The first language of these BCP 47 tags that we speak; English when there is none. */
export function languageOf(preferences: readonly string[]): Language {
  for (const tag of preferences) {
    const spoken = LANGUAGES.find((language) => language === subtagOf(tag));
    if (spoken !== undefined) return spoken;
  }
  return "en";
}

/**
 * The locale for numbers and times: our language as the person's own country writes it.
 *
 * `["fr-FR", "es"]` reads Spanish with French times and kilometres ("es-FR"); "en-GB" stays what it is.
 */
export function localeOf(preferences: readonly string[]): string {
  const language = languageOf(preferences);
  const exact = preferences.find((tag) => subtagOf(tag) === language && isLocale(tag));
  if (exact !== undefined && regionOf(exact) !== undefined) return exact;
  const country = preferences.map(regionOf).find((region) => region !== undefined);
  return country === undefined ? (exact ?? language) : `${language}-${country}`;
}

function subtagOf(tag: string): string | undefined {
  return tag.split("-")[0]?.toLowerCase();
}

function regionOf(tag: string): string | undefined {
  return isLocale(tag) ? new Intl.Locale(tag).region : undefined;
}

function isLocale(tag: string): boolean {
  try {
    return Boolean(new Intl.Locale(tag));
  } catch {
    return false; // some embedded browsers say "C" or "en_US.UTF-8"
  }
}

/** What the browser says about its person, most wanted first. */
const preferences = navigator.languages?.length ? navigator.languages : [navigator.language || "en"];

/** The language that this page speaks. */
export const language: Language = languageOf(preferences);
/** How this person's numbers and times are written. */
export const locale: string = localeOf(preferences);

/** The catalogue of this page's language. */
export function inLanguage<Words>(catalogues: Record<Language, Words>): Words {
  return catalogues[language];
}

/**
 * Says which language the page is in, and writes the words that stand in its markup:
 * `<h2 data-word="jobs">` shows `fixed.jobs`, `<nav data-label="company">` is called `fixed.company`.
 */
export function writeFixedWords(fixed: Readonly<Record<string, string>>): void {
  document.documentElement.lang = language;
  for (const link of document.querySelectorAll<HTMLLinkElement>("link[rel=manifest]")) {
    link.href = link.dataset[language] ?? link.href; // what the home screen calls the page
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-word]")) {
    element.textContent = wordOf(fixed, element.dataset["word"]);
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-label]")) {
    element.setAttribute("aria-label", wordOf(fixed, element.dataset["label"]));
  }
}

function wordOf(fixed: Readonly<Record<string, string>>, key = ""): string {
  const word = fixed[key];
  if (word === undefined) throw new Error(`the catalogue has no word for "${key}"`);
  return word;
}
