import { inLanguage } from "../../lib/language.ts";

const english = {
  label: "Pages",
  jobs: "Jobs",
  payouts: "Payouts",
  figures: "Figures",
  outbox: "Outbox",
  title: (page: string): string => `${page} · Dispatch`,
  open: (page: string): string => (page === "payouts" ? "Open payouts" : page === "outbox" ? "Open the outbox" : "Open the page"),
  loading: "Loading…",
  notLoaded: "This page could not be loaded. Check the connection and try again.",
  again: "Try again",
  unread: (why: string): string => `This could not be read. ${why}`,
  more: "Show more",
};

const spanish: typeof english = {
  label: "Páginas",
  jobs: "Trabajos",
  payouts: "Pagos",
  figures: "Cifras",
  outbox: "Envíos",
  title: (page) => `${page} · Central`,
  open: (page) => (page === "payouts" ? "Abrir los pagos" : page === "outbox" ? "Abrir los envíos" : "Abrir la página"),
  loading: "Cargando…",
  notLoaded: "No se pudo cargar esta página. Compruebe la conexión e inténtelo de nuevo.",
  again: "Intentar de nuevo",
  unread: (why) => `No se pudo leer. ${why}`,
  more: "Mostrar más",
};

/** The portal's pages, and what every one of them says. */
export const nav = inLanguage({ en: english, es: spanish });
