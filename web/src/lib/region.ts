import type { Region } from "./format.ts";
import { locale } from "./language.ts";

/** How this person's device writes numbers and times, in the language of our pages. */
export const region: Region = { locale };
