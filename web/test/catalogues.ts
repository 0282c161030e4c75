import { globSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/** A catalogue as its page sees it: sentences, functions that make one, and more of them by name. */
export interface Catalogue {
  [name: string]: string | ((...facts: unknown[]) => string) | Catalogue;
}

export type Language = "en" | "es";

const WEB = fileURLToPath(new URL("..", import.meta.url));

/** A module that is asked for in a language is another one than the same in another language. */
registerHooks({
  resolve(wanted, context, next) {
    const found = next(wanted, context);
    const language = /\?speaks=\w+$/.exec(context.parentURL ?? "")?.[0];
    return language !== undefined && found.url.startsWith("file:") ? { ...found, url: found.url.split("?")[0] + language } : found;
  },
});

/** The files that hold sentences: one per topic of dispatch, one per other page, and what all pages share. */
export function catalogueFiles(): string[] {
  return globSync(["src/*/words/*.ts", "src/*/words.ts", "src/lib/problems.ts"], { cwd: WEB })
    .filter((file) => !/dispatch\/(words|words\/worded)\.ts$/.test(file)) // they have no sentence of their own
    .sort();
}

/** What a file's catalogues say to somebody whose browser prefers this language. One at a time: it lends out `navigator`. */
export async function spoken(file: string, language: Language): Promise<Catalogue> {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { languages: [language] }, configurable: true });
  try {
    const module = (await import(`${pathToFileURL(WEB + file).href}?speaks=${language}`)) as Record<string, unknown>;
    return Object.fromEntries(Object.entries(module).filter(([, value]) => typeof value === "object")) as Catalogue;
  } finally {
    if (before !== undefined) Object.defineProperty(globalThis, "navigator", before);
  }
}

/** Every sentence of a catalogue by its path: `messages.status.sent`. */
export function sentences(catalogue: Catalogue, path: string[] = []): Map<string, string | ((...facts: unknown[]) => string)> {
  const found = new Map<string, string | ((...facts: unknown[]) => string)>();
  for (const [name, value] of Object.entries(catalogue)) {
    if (typeof value === "object" && value !== null) for (const [below, said] of sentences(value, [...path, name])) found.set(below, said);
    else found.set([...path, name].join("."), value);
  }
  return found;
}

/** The text of a sentence whatever it is told of; a function is tried with facts of several kinds. */
export function texts(sentence: string | ((...facts: unknown[]) => string)): string[] {
  if (typeof sentence === "string") return [sentence];
  const kinds: unknown[] = ["¤", 1, 2, true, false, { toString: () => "¤" }];
  return kinds.flatMap((fact) => {
    try {
      const text = sentence(...Array.from({ length: Math.max(1, sentence.length) }, () => fact));
      return typeof text === "string" ? [text] : [];
    } catch {
      return []; // not the kind of fact that it is about
    }
  });
}
