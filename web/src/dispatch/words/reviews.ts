import { inLanguage } from "../../lib/language.ts";

const english = {
  title: "Reviews",
  empty: "none",
  none: "Nobody has written one yet.",
  stars: (stars: number): string => `${stars} of 5`,
  direction: { customer_to_pro: "of the pro", pro_to_customer: "of the customer" },
  hidden: (author: string): string => `${author} · hidden, does not count`,
  hide: "Hide",
  show: "Show again",
  why: "Why (kept in the audit log)",
};

const spanish: typeof english = {
  title: "Opiniones",
  empty: "ninguna",
  none: "Nadie ha escrito una todavía.",
  stars: (stars) => `${stars} de 5`,
  direction: { customer_to_pro: "sobre el profesional", pro_to_customer: "sobre el cliente" },
  hidden: (author) => `${author} · oculta, no cuenta`,
  hide: "Ocultar",
  show: "Mostrar de nuevo",
  why: "Por qué (queda en el registro)",
};

/** What the two sides wrote about each other. */
export const reviews = inLanguage({ en: english, es: spanish });
