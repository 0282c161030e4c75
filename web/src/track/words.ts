import type { Signal } from "../lib/contact.ts";
import type { Step } from "../lib/status.ts";
import type { Status } from "../lib/wire.ts";

/** Every sentence of the customer's page, in English. `name` is the pro's, or a word for them. */
export const words = {
  title: "Your visit",
  someone: "Your professional",
  map: "Live map of your visit",
  vehicle: (name: string): string => `${name}, current position`,
  place: "Your address",
  recentre: "Re-centre",

  status: {
    pending: () => "We have your request",
    pending_scheduling: () => "We have your request",
    open: () => "Finding a professional for you",
    accepted: (name) => `${name} will come to you`,
    scheduled: () => "Your visit is booked",
    en_route: (name) => `${name} is on the way`,
    arrived: (name) => `${name} has arrived`,
    in_progress: () => "Work is under way",
    completed: () => "All done",
    paid: () => "All done",
    cancelled: () => "This visit was cancelled",
  } satisfies Record<Status, (name: string) => string>,

  hint: {
    pending: "We will let you know when it is confirmed.",
    pending_scheduling: "We will be in touch to agree a time.",
    open: "This page shows who it is as soon as someone takes your job.",
    accepted: "You can follow them here once they set off.",
    scheduled: "You can follow them here once they set off.",
    en_route: "",
    arrived: "They should be at your door now.",
    in_progress: "",
    completed: "",
    paid: "",
    cancelled: "",
  } satisfies Record<Status, string>,

  step: {
    booked: "Booked",
    on_the_way: "On the way",
    arrived: "Arrived",
    working: "Working",
  } satisfies Record<Step, string>,
  stepNow: (step: string): string => `${step} (current step)`,

  around: (clock: string): string => `around ${clock}`,
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
  } satisfies Record<Signal, (ago: string) => string>,
  own: {
    offline: "You are offline. We will catch up as soon as your connection is back.",
    unreachable: "Reconnecting to us… What you see may be out of date.",
  },

  fact: { service: "Service", when: "When", where: "Where", who: "Who comes" },

  ended: {
    completed: { title: "All done", more: (service: string): string => `${service} is finished. Thank you for having us.` },
    cancelled: { title: "This visit was cancelled", more: (service: string): string => `Nobody is coming for ${service}. If that surprises you, please call us.` },
  },
  review: {
    ask: "How was it?",
    stars: (number: number): string => (number === 1 ? "1 star" : `${number} stars`),
    comment: "Anything you would like to say (optional)",
    send: "Send",
    thanks: "Thank you for telling us.",
    already: "You have told us about this visit already. Thank you!",
    again: "That did not get through. Please try once more.",
    closed: "This link cannot be used for it any more.",
  },
  inactive: {
    title: "This tracking link is not active",
    more: "Links work while a visit is planned or under way. If you expect a visit, please use the newest link we sent you.",
  },
} as const;
