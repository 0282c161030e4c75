import { inLanguage } from "../../lib/language.ts";

const english = {
  active: "Active jobs",
  all: "All jobs",
  more: "Show more",
  noJobs: "No jobs here.",
  noPro: "no pro yet",
};

const spanish: typeof english = {
  active: "Trabajos activos",
  all: "Todos los trabajos",
  more: "Mostrar más",
  noJobs: "Aquí no hay trabajos.",
  noPro: "sin profesional todavía",
};

/** The list of jobs. */
export const list = inLanguage({ en: english, es: spanish });
