import { inLanguage } from "../lib/language.ts";

const english = {
  day: "Day",
  table: "Show as a table",
  nothing: "Nothing to show in these days.",
  unknown: "–",
  keys: "Use the arrow keys to go from day to day.",
  summary: (title: string, first: string, last: string): string => `${title}, chart from ${first} to ${last}`,
};

const spanish: typeof english = {
  day: "Día",
  table: "Mostrar como tabla",
  nothing: "No hay nada que mostrar en estos días.",
  unknown: "–",
  keys: "Use las flechas del teclado para pasar de un día a otro.",
  summary: (title, first, last) => `${title}, gráfico del ${first} al ${last}`,
};

/** What stands around every chart. */
export const words = inLanguage({ en: english, es: spanish });
