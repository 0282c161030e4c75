import { inLanguage } from "../../lib/language.ts";

const english = {
  map: "Map of the fleet",
  fleet: (pros: number): string => (pros === 1 ? "1 pro in sight" : `${pros} pros in sight`),
  pro: (name: string, contact: string): string => `${name} · ${contact}`,
  fleetRefused: "Zoom in to see the pros.",
};

const spanish: typeof english = {
  map: "Mapa de la flota",
  fleet: (pros) => (pros === 1 ? "1 profesional a la vista" : `${pros} profesionales a la vista`),
  pro: (name, contact) => `${name}: ${contact}`,
  fleetRefused: "Acerque el mapa para ver a los profesionales.",
};

/** The map of all pros. */
export const fleet = inLanguage({ en: english, es: spanish });
