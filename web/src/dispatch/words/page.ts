import { inLanguage } from "../../lib/language.ts";

const english = {
  /** Those that stand in the page's markup. */
  fixed: {
    title: "Dispatch",
    jobs: "Jobs",
    show: "Show",
  },
  close: "Close",
  cancel: "Back",
  loading: "Loading…",
  notLoaded: "A part of this page could not be loaded. Check the connection, then load the page again.",
  offline: "Not connected. What you see may be out of date.",
  failed: (why: string): string => `That did not work: ${why}`,
  unread: (why: string): string => `could not be read: ${why}`,
  signedOut: { title: "Please sign in again", more: "The sign-in link is missing or has expired." },
};

const spanish: typeof english = {
  fixed: {
    title: "Central",
    jobs: "Trabajos",
    show: "Mostrar",
  },
  close: "Cerrar",
  cancel: "Volver",
  loading: "Cargando…",
  notLoaded: "No se pudo cargar una parte de esta página. Compruebe la conexión y cargue la página de nuevo.",
  offline: "Sin conexión. Lo que ve puede no estar al día.",
  failed: (why) => `No se pudo hacer: ${why}`,
  unread: (why) => `no se pudo leer: ${why}`,
  signedOut: { title: "Vuelva a entrar, por favor", more: "Falta el enlace de acceso o ha caducado." },
};

/** What the page says of itself. */
export const page = inLanguage({ en: english, es: spanish });
