import { inLanguage } from "../../lib/language.ts";
import type { PushState } from "../../lib/push.ts";

/** What a customer may do beside watching: pass the visit on, be told of it, keep the page. */

const english = {
  share: {
    title: "Share with a neighbour",
    more: "They see who comes and where they are, until the visit is over. They see no price and no receipt, and cannot change anything.",
    make: "Make a link",
    another: "Make another link",
    making: "Making a link…",
    text: "Follow the visit here:",
    link: "Link to pass on",
    send: "Pass on",
    copy: "Copy",
    copied: "Copied.",
    notCopied: "Your browser does not allow copying. Select the link and copy it yourself.",
    once: "Pass it on now: this link is shown only once.",
    made: (ago: string): string => `Made ${ago}`,
    seen: (ago: string): string => `opened ${ago}`,
    unseen: "not opened yet",
    stop: "Stop sharing",
    stopped: "Stopped: that link shows nothing any more.",
    full: (most: number): string => `There are ${most} links already. Stop one to make another.`,
    list: "Links that you passed on",
    failed: (why: string): string => `That did not work. ${why}`,
  },
  notify: {
    title: "Be told on this device",
    push: {
      unsupported: "This browser cannot notify you. On an iPhone, first add this page to your home screen. We send you text messages in any case.",
      blocked: "Notifications are blocked. Allow them for this page in your browser’s site settings. We send you text messages in any case.",
      off: "Be told when they set off and when they are at your door, also while this page is closed.",
      on: "This device tells you when something happens.",
    } as Record<PushState, string>,
    on: "Notify me",
    off: "Do not notify me here",
    install: "Keep this page on your home screen: it opens this visit, also without a network.",
    installNow: "Add to home screen",
  },
  problems: {
    too_many_shared_links: "There are as many links as there may be. Stop one first.",
    job_ended: "This visit is over: there is nothing left to follow.",
    too_many_subscriptions: "You are notified on many devices already. Stop it on one of them first.",
  },
};

const spanish: typeof english = {
  share: {
    title: "Compartir con un vecino",
    more: "Verá quién viene y dónde está, hasta que termine la visita. No verá precios ni recibos, ni podrá cambiar nada.",
    make: "Crear un enlace",
    another: "Crear otro enlace",
    making: "Creando un enlace…",
    text: "Siga la visita aquí:",
    link: "Enlace para compartir",
    send: "Compartir",
    copy: "Copiar",
    copied: "Copiado.",
    notCopied: "Su navegador no permite copiar. Seleccione el enlace y cópielo usted.",
    once: "Compártalo ahora: este enlace solo se muestra una vez.",
    made: (ago) => `Creado ${ago}`,
    seen: (ago) => `abierto ${ago}`,
    unseen: "aún sin abrir",
    stop: "Dejar de compartir",
    stopped: "Hecho: ese enlace ya no muestra nada.",
    full: (most) => `Ya hay ${most} enlaces. Deje de compartir uno para crear otro.`,
    list: "Enlaces que ha compartido",
    failed: (why) => `No funcionó. ${why}`,
  },
  notify: {
    title: "Avisos en este dispositivo",
    push: {
      unsupported: "Este navegador no puede avisarle. En un iPhone, añada antes esta página a la pantalla de inicio. En todo caso le enviamos mensajes de texto.",
      blocked: "Los avisos están bloqueados. Permítalos para esta página en los ajustes del navegador. En todo caso le enviamos mensajes de texto.",
      off: "Reciba un aviso cuando el profesional salga y cuando esté en su puerta, aunque esta página esté cerrada.",
      on: "Este dispositivo le avisa cuando pasa algo.",
    },
    on: "Avisarme",
    off: "No avisarme aquí",
    install: "Guarde esta página en su pantalla de inicio: abre esta visita, también sin conexión.",
    installNow: "Añadir a inicio",
  },
  problems: {
    too_many_shared_links: "Ya hay tantos enlaces como se permiten. Deje de compartir uno antes.",
    job_ended: "Esta visita ha terminado: ya no hay nada que seguir.",
    too_many_subscriptions: "Ya recibe avisos en muchos dispositivos. Quite antes uno de ellos.",
  },
};

export const words = inLanguage({ en: english, es: spanish });
