import { inLanguage } from "../../lib/language.ts";

const english = {
  move: (status: string): string => `→ ${status}`,
  refused: (why: string): string => `Refused: ${why}`,
  overrideLabel: "Reason for going ahead anyway (kept in the audit log)",
  override: (status: string): string => `Override: ${status}`,
  whyCancelled: "Why is the job cancelled? Both sides are told that it is",
  cancelJob: "Cancel the job",
  from: "From",
  until: "Until",
  schedule: "Schedule",
};

const spanish: typeof english = {
  move: (status) => `→ ${status}`,
  refused: (why) => `Rechazado: ${why}`,
  overrideLabel: "Motivo para seguir de todos modos (queda en el registro)",
  override: (status) => `De todos modos: ${status}`,
  whyCancelled: "¿Por qué se cancela el trabajo? Se avisa a ambas partes de que se cancela",
  cancelJob: "Cancelar el trabajo",
  from: "Desde",
  until: "Hasta",
  schedule: "Dar cita",
};

/** The steps of a job, and the questions that some of them ask. */
export const steps = inLanguage({ en: english, es: spanish });
