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
  /** What stands in the way of a step: `Guard` of tracker/jobs/lifecycle.py. */
  guard: {
    no_window: "No appointment is agreed on.",
    not_delivered: "The ordered equipment has not been delivered.",
    critical_flags: "A critical flag is open.",
    no_pro: "No pro is assigned.",
  },
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
  guard: {
    no_window: "No hay cita acordada.",
    not_delivered: "El material pedido no ha llegado.",
    critical_flags: "Hay una advertencia crítica abierta.",
    no_pro: "No hay nadie asignado.",
  },
};

/** The steps of a job, and the questions that some of them ask. */
export const steps = inLanguage({ en: english, es: spanish });
