import { inLanguage } from "../../lib/language.ts";

const english = {
  candidate: {
    away: (distance: string): string => `${distance} away`,
    jobs: (jobs: number): string => (jobs === 1 ? "1 job" : `${jobs} jobs`),
    conflict: "busy at that time",
    offDuty: "off duty",
  },
  nobody: "No pro can take this job: nobody with its skill.",
  assignTo: "Who does it",
  assign: "Assign",
};

const spanish: typeof english = {
  candidate: {
    away: (distance) => `a ${distance}`,
    jobs: (jobs) => (jobs === 1 ? "1 trabajo" : `${jobs} trabajos`),
    conflict: "ocupado a esa hora",
    offDuty: "fuera de servicio",
  },
  nobody: "Nadie puede hacer este trabajo: ningún profesional tiene el oficio.",
  assignTo: "Quién lo hace",
  assign: "Asignar",
};

/** Who could do a job. */
export const candidates = inLanguage({ en: english, es: spanish });
