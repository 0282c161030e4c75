import { inLanguage } from "../../lib/language.ts";

const english = {
  save: "Save",
  edit: "Edit",
  somebody: "somebody",
  system: "the system",
  changed: (who: string): string => `Changed by ${who} just now. What you have typed is still here.`,
  clash: (who: string, theirs: string): string => `${who} changed this to: ${theirs}`,
  takeTheirs: "Take theirs",
  keepMine: "Keep mine",
  kept: (theirs: string): string => `Yours will replace: ${theirs}`,
  settle: "Somebody changed the same thing meanwhile. Choose yours or theirs above, then send again.",
  lookAgain: "What this is about has changed meanwhile. Look at it above, then send again.",
  movedOn: (who: string): string => `${who} changed this job just now, so nothing was sent. Look at what it says now, then try again.`,
  nothing: "Nothing has been changed.",
  empty: "empty",
  required: "Please fill this in.",
};

const spanish: typeof english = {
  save: "Guardar",
  edit: "Editar",
  somebody: "alguien",
  system: "el sistema",
  changed: (who) => `Lo acaba de cambiar ${who}. Lo que usted escribió sigue aquí.`,
  clash: (who, theirs) => `${who} lo cambió a: ${theirs}`,
  takeTheirs: "Tomar lo suyo",
  keepMine: "Dejar lo mío",
  kept: (theirs) => `Lo suyo sustituirá a: ${theirs}`,
  settle: "Alguien cambió lo mismo mientras tanto. Elija arriba lo suyo o lo del otro y envíelo de nuevo.",
  lookAgain: "Mientras tanto cambió aquello de lo que se trata. Mírelo arriba y envíelo de nuevo.",
  movedOn: (who) => `${who} acaba de cambiar este trabajo, por eso no se envió nada. Mire cómo está ahora e inténtelo de nuevo.`,
  nothing: "No ha cambiado nada.",
  empty: "vacío",
  required: "Rellene este campo, por favor.",
};

/** Editing what somebody else may be editing too. */
export const edit = inLanguage({ en: english, es: spanish });
