import { inLanguage } from "../../lib/language.ts";
import type { Signal } from "../../lib/contact.ts";
import type { Step } from "../../lib/status.ts";
import type { Status } from "../../lib/wire.ts";

/** The visit while it goes on. `name` is the pro's, or a word for them. */

const english = {
  /** Those that stand in the page's markup. */
  fixed: { title: "Your visit", finding: "Finding your visit…", recentre: "Re-centre" } as Record<string, string>,
  someone: "Your professional",
  map: "Live map of your visit",
  vehicle: (name: string): string => `${name}, current position`,
  place: "Your address",

  status: {
    pending: () => "We have your request",
    pending_scheduling: () => "We have your request",
    open: () => "Finding a professional for you",
    accepted: (name) => `${name} will come to you`,
    scheduled: () => "Your visit is booked",
    en_route: (name) => `${name} is on the way`,
    arrived: (name) => `${name} is at your door`,
    in_progress: () => "Work is under way",
    completed: () => "All done",
    paid: () => "All done",
    cancelled: () => "This visit was cancelled",
  } as Record<Status, (name: string) => string>,

  /** What happens next. */
  next: {
    pending: () => "Next, we check it and let you know when it is confirmed.",
    pending_scheduling: () => "Next, we agree a time with you.",
    open: () => "This page shows who it is as soon as someone takes your job.",
    accepted: (name) => `Next, ${name} sets off. From then on you can follow them here.`,
    scheduled: (name) => `Next, ${name} sets off in time for your appointment. From then on you can follow them here.`,
    en_route: () => "Next, they ring at your door. No need to keep watching: we send you a message when they are there.",
    arrived: () => "Next, they look at the work together with you, and begin.",
    in_progress: () => "Next, they show you the result. Then your receipt appears here.",
    completed: () => "",
    paid: () => "",
    cancelled: () => "",
  } as Record<Status, (name: string) => string>,

  /** For somebody the visit was shared with: it is not theirs. */
  guest: {
    title: "A visit",
    note: "Somebody shared this visit with you. You can follow it here until it is over.",
    place: "The address",
    status: {
      pending: () => "The visit is not confirmed yet",
      pending_scheduling: () => "The visit has no time yet",
      open: () => "Nobody has been found for this visit yet",
      accepted: (name) => `${name} will come`,
      scheduled: () => "The visit is booked",
      en_route: (name) => `${name} is on the way`,
      arrived: (name) => `${name} is at the door`,
      in_progress: () => "Work is under way",
      completed: () => "This visit is over",
      paid: () => "This visit is over",
      cancelled: () => "This visit was cancelled",
    } as Record<Status, (name: string) => string>,
    next: {
      pending: () => "This page changes as soon as it is.",
      pending_scheduling: () => "This page changes as soon as it has one.",
      open: () => "This page shows who it is as soon as someone takes the job.",
      accepted: () => "You can follow them here once they set off.",
      scheduled: () => "You can follow them here once they set off.",
      en_route: () => "Next, they ring at the door.",
      arrived: () => "Next, they begin with the work.",
      in_progress: () => "This page ends when the work is done.",
      completed: () => "",
      paid: () => "",
      cancelled: () => "",
    } as Record<Status, (name: string) => string>,
  },

  step: { booked: "Booked", on_the_way: "On the way", arrived: "Arrived", working: "Working" } as Record<Step, string>,

  rating: (stars: string, count: number): string => (count === 1 ? `${stars} · 1 review` : `${stars} · ${count} reviews`),
  rated: (stars: string, count: number): string => (count === 1 ? `Rated ${stars} out of 5, by 1 customer` : `Rated ${stars} out of 5, by ${count} customers`),
  unrated: "No reviews yet",

  ready: {
    title: "Good to have ready",
    list: ["A clear way to where the work is", "Pets in another room", "Your questions: now is the best moment"],
  },

  away: (clock: string, distance: string): string => `around ${clock} · ${distance} away`,
  lastEstimate: (clock: string): string => `Expected around ${clock}`,
  estimateAge: (clock: string, ago: string): string => `around ${clock} · as of ${ago}`,
  noEstimate: "No new estimate until we hear from them again.",
  announceEta: (band: string, clock: string): string => `Arriving in ${band}, around ${clock}.`,

  signal: {
    live: (ago) => `Live · updated ${ago}`,
    delayed: (ago) => `Signal delayed · last seen ${ago}`,
    lost: (ago) => `Signal lost · last seen ${ago}`,
    none: () => "",
    offline: (ago) => `Last seen ${ago}`,
    unreachable: (ago) => `Last seen ${ago}`,
  } as Record<Signal, (ago: string) => string>,
  own: {
    offline: (known: string): string => `You are offline. What you see was known ${known}; it goes on as soon as you are connected again.`,
    unreachable: (known: string): string => `Reconnecting to us… What you see was known ${known}.`,
  },
  /** The same, while this browser knows nothing of the visit yet. */
  unknown: {
    offline: "You are offline. Your visit appears here as soon as you are connected.",
    unreachable: "We cannot be reached just now. This page tries again by itself.",
  },

  fact: { service: "Service", when: "When", where: "Where" },
};

const spanish: typeof english = {
  fixed: { title: "Su visita", finding: "Buscando su visita…", recentre: "Volver a centrar" },
  someone: "Su profesional",
  map: "Mapa en vivo de su visita",
  vehicle: (name) => `${name}, posición actual`,
  place: "Su dirección",

  status: {
    pending: () => "Tenemos su solicitud",
    pending_scheduling: () => "Tenemos su solicitud",
    open: () => "Buscamos un profesional para usted",
    accepted: (name) => `Irá ${name}`,
    scheduled: () => "Su visita está reservada",
    en_route: (name) => `${name} está en camino`,
    arrived: (name) => `${name} está en su puerta`,
    in_progress: () => "El trabajo está en marcha",
    completed: () => "Todo listo",
    paid: () => "Todo listo",
    cancelled: () => "Esta visita se canceló",
  },

  next: {
    pending: () => "Ahora la revisamos y le avisamos cuando esté confirmada.",
    pending_scheduling: () => "El siguiente paso es acordar con usted una hora.",
    open: () => "En cuanto alguien acepte el trabajo, aquí verá quién es.",
    accepted: (name) => `El siguiente paso: ${name} sale hacia su casa. Desde ese momento podrá seguir aquí el trayecto.`,
    scheduled: (name) => `El siguiente paso: ${name} sale a tiempo para su cita. Desde ese momento podrá seguir aquí el trayecto.`,
    en_route: () => "El siguiente paso: llamará a su puerta. No hace falta que mire la pantalla: le enviaremos un mensaje cuando llegue.",
    arrived: () => "El siguiente paso: mirar juntos el trabajo y empezar.",
    in_progress: () => "El siguiente paso: le mostrará el resultado. Después aparecerá aquí su recibo.",
    completed: () => "",
    paid: () => "",
    cancelled: () => "",
  },

  guest: {
    title: "Una visita",
    note: "Alguien ha compartido esta visita con usted. Puede seguirla aquí hasta que termine.",
    place: "La dirección",
    status: {
      pending: () => "La visita aún no está confirmada",
      pending_scheduling: () => "La visita aún no tiene hora",
      open: () => "Aún no hay nadie para esta visita",
      accepted: (name) => `Irá ${name}`,
      scheduled: () => "La visita está reservada",
      en_route: (name) => `${name} está en camino`,
      arrived: (name) => `${name} está en la puerta`,
      in_progress: () => "El trabajo está en marcha",
      completed: () => "Esta visita ha terminado",
      paid: () => "Esta visita ha terminado",
      cancelled: () => "Esta visita se canceló",
    },
    next: {
      pending: () => "Esta página cambiará en cuanto lo esté.",
      pending_scheduling: () => "Esta página cambiará en cuanto la tenga.",
      open: () => "En cuanto alguien acepte el trabajo, aquí verá quién es.",
      accepted: () => "Podrá seguir aquí el trayecto desde que salga.",
      scheduled: () => "Podrá seguir aquí el trayecto desde que salga.",
      en_route: () => "El siguiente paso: llamará a la puerta.",
      arrived: () => "El siguiente paso: empezar el trabajo.",
      in_progress: () => "Esta página termina cuando el trabajo esté hecho.",
      completed: () => "",
      paid: () => "",
      cancelled: () => "",
    },
  },

  step: { booked: "Reservada", on_the_way: "En camino", arrived: "Ha llegado", working: "Trabajando" },

  rating: (stars, count) => (count === 1 ? `${stars} · 1 opinión` : `${stars} · ${count} opiniones`),
  rated: (stars, count) => (count === 1 ? `Valoración de ${stars} sobre 5, según 1 cliente` : `Valoración de ${stars} sobre 5, según ${count} clientes`),
  unrated: "Aún sin opiniones",

  ready: {
    title: "Conviene tener listo",
    list: ["El paso libre hasta donde se trabajará", "Las mascotas en otra habitación", "Sus preguntas: es el mejor momento"],
  },

  away: (clock, distance) => `hacia las ${clock} · a ${distance}`,
  lastEstimate: (clock) => `Prevista hacia las ${clock}`,
  estimateAge: (clock, ago) => `hacia las ${clock} · según datos de ${ago}`,
  noEstimate: "No hay una nueva previsión hasta que volvamos a recibir su señal.",
  announceEta: (band, clock) => `Llega en ${band}, hacia las ${clock}.`,

  signal: {
    live: (ago) => `En vivo · actualizado ${ago}`,
    delayed: (ago) => `Señal con retraso · última vez ${ago}`,
    lost: (ago) => `Señal perdida · última vez ${ago}`,
    none: () => "",
    offline: (ago) => `Última vez ${ago}`,
    unreachable: (ago) => `Última vez ${ago}`,
  },
  own: {
    offline: (known) => `No tiene conexión. Lo que ve se supo ${known}; seguirá en cuanto vuelva la conexión.`,
    unreachable: (known) => `Volviendo a conectar… Lo que ve se supo ${known}.`,
  },
  unknown: {
    offline: "No tiene conexión. Su visita aparecerá aquí en cuanto vuelva la conexión.",
    unreachable: "Ahora no hay respuesta de nuestro lado. Esta página lo intenta de nuevo por sí sola.",
  },

  fact: { service: "Servicio", when: "Cuándo", where: "Dónde" },
};

export const words = inLanguage({ en: english, es: spanish });

/** The sentences that differ between the customer and somebody the visit was shared with. */
export function spokenTo(guest: boolean): Pick<typeof english, "status" | "next"> {
  return guest ? words.guest : words;
}
