import { inLanguage } from "../../lib/language.ts";

/** The last words of a page: of a visit that is over, of a link that opens nothing, of a payment page. */

const english = {
  done: { title: "All done", more: (service: string): string => `${service} is finished. Thank you for having us.` },
  cancelled: { title: "This visit was cancelled", more: (service: string): string => `Nobody is coming for ${service}. If that surprises you, please call us.` },
  guest: { title: "This visit is over", more: "Thank you for keeping an eye on it." },
  guestCancelled: { title: "This visit was cancelled", more: "Nobody is coming." },
  inactive: {
    title: "This tracking link is not active",
    more: "Links work while a visit is planned or under way. If you expect a visit, please use the newest link we sent you.",
  },
  paid: { title: "Thank you", more: "Your payment is arranged. We charge what is due once the work is done, and send you a receipt." },
  notPaid: { title: "Nothing was paid", more: "You left the payment page. The link in our message opens it again for a day." },
};

const spanish: typeof english = {
  done: { title: "Todo listo", more: (service) => `Hemos terminado: ${service}. Gracias por su confianza.` },
  cancelled: { title: "Esta visita se canceló", more: (service) => `No irá nadie para: ${service}. Si le sorprende, llámenos, por favor.` },
  guest: { title: "Esta visita ha terminado", more: "Gracias por estar pendiente." },
  guestCancelled: { title: "Esta visita se canceló", more: "No vendrá nadie." },
  inactive: {
    title: "Este enlace de seguimiento no está activo",
    more: "Los enlaces funcionan mientras una visita está prevista o en marcha. Si espera una visita, use el enlace más reciente que le enviamos.",
  },
  paid: { title: "Gracias", more: "Su pago está preparado. Cobramos lo debido cuando el trabajo esté hecho y le enviamos un recibo." },
  notPaid: { title: "No se ha pagado nada", more: "Salió de la página de pago. El enlace de nuestro mensaje vuelve a abrirla durante un día." },
};

export const words = inLanguage({ en: english, es: spanish });
