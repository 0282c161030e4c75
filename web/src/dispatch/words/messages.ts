import { inLanguage } from "../../lib/language.ts";

const english = {
  title: "Messages",
  digest: (messages: number, trouble: number): string =>
    messages === 0 ? "none" : `${messages}${trouble === 0 ? "" : `, ${trouble} did not arrive`}`,
  none: "Nobody has been told anything yet.",
  way: (channel: string, who: string, when: string): string => `${channel} to ${who} · ${when}`,
  channel: { sms: "Text", email: "Mail", push: "Push" },
  status: {
    queued: "queued",
    sending: "being sent",
    sent: "sent",
    delivered: "delivered",
    failed: "failed",
    suppressed: "not wanted",
    expired: "came too late",
  },
  resend: "Send again",
};

const spanish: typeof english = {
  title: "Mensajes",
  digest: (messages, trouble) => (messages === 0 ? "ninguno" : `${messages}${trouble === 0 ? "" : `, ${trouble} sin llegar`}`),
  none: "Todavía no se ha avisado a nadie.",
  way: (channel, who, when) => `${channel} para ${who} · ${when}`,
  channel: { sms: "SMS", email: "Correo", push: "Notificación" },
  status: {
    queued: "en cola",
    sending: "enviándose",
    sent: "enviado",
    delivered: "entregado",
    failed: "fallido",
    suppressed: "no deseado",
    expired: "demasiado tarde",
  },
  resend: "Enviar de nuevo",
};

/** Who was told what about a job. */
export const messages = inLanguage({ en: english, es: spanish });
