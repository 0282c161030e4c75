import { inLanguage } from "./language.ts";

/**
 * What the server refused, in the reader's language.
 *
 * The server speaks English (`detail`) and names each refusal by a `code`. These are the codes that every page can
 * meet; a page that can meet more says so once, with `learnProblems`. Where the server's own sentence says more than
 * ours could, the English catalogue keeps it (`asSaid`).
 */

/** One refusal in words; `detail` is the server's sentence, `facts` are the other members of its answer. */
export type Refused = string | ((detail: string, facts: Readonly<Record<string, unknown>>) => string);
export type ProblemWords = Readonly<Record<string, Refused>>;

/** The server's own sentence. */
export const asSaid = (detail: string): string => detail;

const english = {
  no_answer: "The server did not answer. Check your connection and try again.",
  unavailable: "The server cannot do that just now, and nothing was changed. Try again in a moment.",
  busy: "That was too much at once. Try again in a moment.",
  unauthorized: asSaid,
  forbidden: asSaid,
  not_found: asSaid,
  invalid: asSaid,
  conflict: asSaid,
  too_large: "This is larger than the server takes.",
  slow_body: "The upload took too long. Try again with a better connection.",
  internal: asSaid,
} satisfies ProblemWords;

// Customers are "usted", pros are "tú": what both read addresses nobody.
const spanish: Record<keyof typeof english, Refused> = {
  no_answer: "El servidor no respondió. Puede ser la conexión; basta con intentarlo de nuevo.",
  unavailable: "El servidor no puede hacerlo ahora y no se cambió nada. Se puede intentar de nuevo en un momento.",
  busy: "Fue demasiado a la vez. Se puede intentar de nuevo en un momento.",
  unauthorized: "El acceso ya no vale. Hay que entrar de nuevo.",
  forbidden: "No está permitido.",
  not_found: "No existe, o ya no está a la vista.",
  invalid: (detail) => `El servidor no acepta algo de lo enviado: ${detail}`,
  conflict: (detail) => `Ahora no es posible: ${detail}`,
  too_large: "Es más grande de lo que admite el servidor.",
  slow_body: "El envío tardó demasiado. Con mejor conexión, se puede intentar de nuevo.",
  internal: "Algo falló en el servidor y quedó anotado. Se puede intentar de nuevo.",
};

export const problems = inLanguage<ProblemWords>({ en: english, es: spanish });

let known = problems;

/** Adds what only this page can be refused. */
export function learnProblems(more: ProblemWords): void {
  known = { ...known, ...more };
}

/** A refusal in words; one that no catalogue knows is told as the server says it. */
export function inWords(code: string, detail: string, facts: Readonly<Record<string, unknown>> = {}): string {
  const words = Object.hasOwn(known, code) ? known[code] : undefined;
  if (words === undefined) return detail;
  return typeof words === "string" ? words : words(detail, facts);
}
