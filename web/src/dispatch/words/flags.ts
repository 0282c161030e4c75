import { inLanguage } from "../../lib/language.ts";

const english = {
  title: "Flags",
  digest: (open: number, critical: boolean): string => (open === 0 ? "none open" : `${open} open${critical ? ", critical" : ""}`),
  type: {
    WIRE_MANAGEMENT_UNKNOWN: "Wires: nobody has asked",
    WALL_TYPE_UNKNOWN: "Wall type unknown",
    ORDERING_AMBIGUOUS: "Ordering is unclear",
    SCHEDULE_CONFLICT: "Two jobs at one time",
    ACCESS_DETAILS_MISSING: "How to get in is missing",
    TEAM_REQUIRED_UNCONFIRMED: "A second person is not confirmed",
    SCOPE_MISMATCH: "Scope does not fit",
    CUSTOMER_EXPECTATION_RISK: "Customer expects something else",
  },
  severity: { LOW: "Low", MEDIUM: "Medium", HIGH: "High", CRITICAL: "Critical" },
  none: "Nothing speaks against it.",
  byRule: "Found by a rule",
  by: (who: string): string => `Added by ${who}`,
  add: "Add a flag",
  which: "What may go wrong",
  howBad: "How bad",
  note: "Note",
  resolve: "Resolve",
  notes: (flag: string): string => `What was done about “${flag}”`,
  resolved: (flag: string, who: string): string => `${flag}: ${who}`,
  resolvedBy: (who: string): string => `resolved by ${who}`,
  resolvedByRule: "no longer so",
};

const spanish: typeof english = {
  title: "Advertencias",
  digest: (open, critical) => (open === 0 ? "ninguna abierta" : `${open} ${open === 1 ? "abierta" : "abiertas"}${critical ? ", crítica" : ""}`),
  type: {
    WIRE_MANAGEMENT_UNKNOWN: "Cables: nadie ha preguntado",
    WALL_TYPE_UNKNOWN: "No se sabe qué pared es",
    ORDERING_AMBIGUOUS: "No está claro qué pedir",
    SCHEDULE_CONFLICT: "Dos trabajos a la misma hora",
    ACCESS_DETAILS_MISSING: "Falta saber cómo entrar",
    TEAM_REQUIRED_UNCONFIRMED: "Falta confirmar a una segunda persona",
    SCOPE_MISMATCH: "El encargo no encaja",
    CUSTOMER_EXPECTATION_RISK: "El cliente espera otra cosa",
  },
  severity: { LOW: "Baja", MEDIUM: "Media", HIGH: "Alta", CRITICAL: "Crítica" },
  none: "Nada que advertir.",
  byRule: "La encontró una regla",
  by: (who) => `Añadida por ${who}`,
  add: "Añadir una advertencia",
  which: "Qué puede salir mal",
  howBad: "Gravedad",
  note: "Nota",
  resolve: "Resolver",
  notes: (flag) => `Qué se hizo con «${flag}»`,
  resolved: (flag, who) => `${flag}: ${who}`,
  resolvedBy: (who) => `resuelta por ${who}`,
  resolvedByRule: "ya no es así",
};

/** What may go wrong with a job. */
export const flags = inLanguage({ en: english, es: spanish });
