import { inLanguage } from "../../lib/language.ts";

const english = {
  seen: (contact: string, ago: string): string => `${contact} · last seen ${ago}`,
  eta: (band: string, clock: string, distance: string): string => `Arrives in ${band}, around ${clock} · ${distance}`,
  trail: (points: number): string => (points === 1 ? "1 point on the trail" : `${points} points on the trail`),
  vehicle: (name: string): string => `${name}, current position`,
  place: "Where the job is",
};

const spanish: typeof english = {
  seen: (contact, ago) => `${contact} · última señal ${ago}`,
  eta: (band, clock, distance) => `Llega en ${band}, hacia las ${clock} · ${distance}`,
  trail: (points) => (points === 1 ? "1 punto en el recorrido" : `${points} puntos en el recorrido`),
  vehicle: (name) => `${name}, posición actual`,
  place: "Dónde es el trabajo",
};

/** What stands above the steps of one job, and on the map beside it. */
export const job = inLanguage({ en: english, es: spanish });
