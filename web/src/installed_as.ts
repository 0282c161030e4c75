import type { InstallablePage } from "../build/installable.ts";

/** How the pages present themselves on a home screen, in each language. */

export const PRO: InstallablePage = {
  address: "pro",
  start: "pro",
  names: {
    en: { name: "My jobs", short_name: "My jobs", description: "Jobs near you, the way there, and what is left to do." },
    es: { name: "Mis trabajos", short_name: "Mis trabajos", description: "Trabajos cerca de ti, el camino y lo que queda por hacer." },
  },
};

/** It begins at the link it was installed from; the file is the same for every link. */
export const TRACK: InstallablePage = {
  address: "track/any",
  start: null,
  names: {
    en: { name: "Your visit", short_name: "Your visit", description: "Who comes, and when they are there." },
    es: { name: "Su visita", short_name: "Su visita", description: "Quién viene y cuándo llega." },
  },
};
