import { inLanguage } from "../../lib/language.ts";

const english = {
  label: "SANDBOX",
  title: "Sandbox",
  meaning: "No provider is set up for these: nothing was charged, and nothing was sent.",
  open: "Sandbox",
  none: "Nothing yet.",
  kind: { payment_intent: "Payment", checkout: "Payment page", refund: "Refund", transfer: "Transfer", sms: "Text", email: "Mail", push: "Push" },
  status: {
    open: "open",
    complete: "paid on",
    expired: "closed",
    requires_capture: "held",
    succeeded: "done",
    canceled: "let go",
  },
  to: (who: string): string => `To ${who}`,
  openJob: "Open the job",
};

const spanish: typeof english = {
  label: "PRUEBA",
  title: "Entorno de pruebas",
  meaning: "No hay proveedor para esto: no se cobró nada ni se envió nada.",
  open: "Pruebas",
  none: "Todavía nada.",
  kind: {
    payment_intent: "Cobro",
    checkout: "Página de pago",
    refund: "Devolución",
    transfer: "Transferencia",
    sms: "SMS",
    email: "Correo",
    push: "Notificación",
  },
  status: {
    open: "abierta",
    complete: "pagada",
    expired: "cerrada",
    requires_capture: "retenido",
    succeeded: "hecho",
    canceled: "liberado",
  },
  to: (who) => `Para ${who}`,
  openJob: "Abrir el trabajo",
};

/** What would have been charged and sent by services that have no key. */
export const sandbox = inLanguage({ en: english, es: spanish });
