import { inLanguage } from "../../lib/language.ts";

const english = {
  label: "Portal",
  jobs: "Jobs",
  payouts: "Payouts",
  figures: "Figures",
  outbox: "Outbox",
  title: (page: string): string => `${page} · Dispatch`,
  loading: "Loading…",
  notLoaded: "This page could not be loaded. Check the connection and try again.",
  again: "Try again",
  more: "Show more",
};

export type Words = typeof english;

const spanish: Words = {
  label: "Portal",
  jobs: "Trabajos",
  payouts: "Pagos",
  figures: "Cifras",
  outbox: "Envíos",
  title: (page) => `${page} · Despacho`,
  loading: "Cargando…",
  notLoaded: "No se pudo cargar esta página. Compruebe la conexión e inténtelo de nuevo.",
  again: "Intentar de nuevo",
  more: "Mostrar más",
};

export const nav = inLanguage({ en: english, es: spanish });
