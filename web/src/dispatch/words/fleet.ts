import { inLanguage } from "../../lib/language.ts";
import type { LayerName } from "../fleet/layers.ts";

const english = {
  map: "Map of the fleet",
  fleet: {
    inSight: (pros: number): string => (pros === 1 ? "1 pro in sight" : `${pros} pros in sight`),
    pros: (pros: number): string => (pros === 1 ? "1 pro" : `${pros} pros`),
    jobs: (jobs: number): string => (jobs === 1 ? "1 job" : `${jobs} jobs`),
    some: {
      live: (pros: number): string => `${pros} live`,
      delayed: (pros: number): string => `${pros} delayed`,
      lost: (pros: number): string => (pros === 1 ? "1 signal lost" : `${pros} signals lost`),
      late: (jobs: number): string => `${jobs} late`,
    },
    pro: (name: string, contact: string): string => `${name} · ${contact}`,
    seen: (ago: string): string => `Last seen ${ago}`,
    noJob: "No job just now",
    zoomIn: "Click to look closer",
    unreadable: (why: string): string => `The pros could not be read: ${why}`,
    legend: "Legend",
    legendOf: { pros: "Pros", jobs: "Jobs" },
    layer: {
      live: "Live",
      delayed: "Delayed",
      lost: "Signal lost",
      open: "No pro yet",
      planned: "Planned",
      moving: "Under way",
      late: "Late",
    } satisfies Record<LayerName, string>,
    everything: "Show all",
    list: "List",
    here: (things: string): string => `Here: ${things}`,
    more: (things: number): string => `${things} more: move closer to see them`,
    nothing: "Nothing is in sight here.",
    late: "late",
  },
};

const spanish: typeof english = {
  map: "Mapa de la flota",
  fleet: {
    inSight: (pros) => (pros === 1 ? "1 profesional a la vista" : `${pros} profesionales a la vista`),
    pros: (pros) => (pros === 1 ? "1 profesional" : `${pros} profesionales`),
    jobs: (jobs) => (jobs === 1 ? "1 trabajo" : `${jobs} trabajos`),
    some: {
      live: (pros) => `${pros} en vivo`,
      delayed: (pros) => `${pros} con retraso`,
      lost: (pros) => `${pros} sin señal`,
      late: (jobs) => (jobs === 1 ? "1 atrasado" : `${jobs} atrasados`),
    },
    pro: (name, contact) => `${name}: ${contact}`,
    seen: (ago) => `Última señal: ${ago}`,
    noJob: "Sin trabajo en este momento",
    zoomIn: "Pulse para acercarse",
    unreadable: (why) => `No se pudo leer dónde están los profesionales: ${why}`,
    legend: "Leyenda",
    legendOf: { pros: "Profesionales", jobs: "Trabajos" },
    layer: {
      live: "En vivo",
      delayed: "Con retraso",
      lost: "Sin señal",
      open: "Sin profesional",
      planned: "Previstos",
      moving: "En curso",
      late: "Atrasados",
    },
    everything: "Ver todo",
    list: "Lista",
    here: (things) => `Aquí: ${things}`,
    more: (things) => `${things} más: acérquese para verlos`,
    nothing: "Aquí no hay nada a la vista.",
    late: "atrasado",
  },
};

/** The map of all pros and jobs. */
export const fleet = inLanguage({ en: english, es: spanish });
