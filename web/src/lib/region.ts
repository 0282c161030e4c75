import type { Region } from "./format.ts";

/** How this person's device writes numbers and times. */
export const region: Region = { locale: navigator.language || "en" };
