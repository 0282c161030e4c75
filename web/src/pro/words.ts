import { inLanguage } from "../lib/language.ts";
import { english } from "./words_en.ts";
import { spanish } from "./words_es.ts";

export type { Words } from "./words_en.ts";

/** The pro's page in the language of its reader. */
export const words = inLanguage({ en: english, es: spanish });
