import { inLanguage } from "../../lib/language.ts";

const english = {
  title: "Alerts",
  open: (unread: number): string => (unread === 0 ? "Alerts" : `Alerts (${unread})`),
  none: "Nothing yet.",
  readAll: "I have read them",
};

const spanish: typeof english = {
  title: "Avisos",
  open: (unread) => (unread === 0 ? "Avisos" : `Avisos (${unread})`),
  none: "Todavía nada.",
  readAll: "Ya los he leído",
};

/** What dispatch was alerted of. */
export const bell = inLanguage({ en: english, es: spanish });
