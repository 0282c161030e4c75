/** Colours the map draws with, read from the style sheet's tokens so that light and dark follow it. */
export interface Palette {
  text: string;
  muted: string;
  surface: string;
  accent: string;
  warn: string;
  trail: string;
  land: string;
  water: string;
  park: string;
  casing: string;
  residential: string;
  street: string;
  avenue: string;
  highway: string;
  fleet_live: string;
  fleet_delayed: string;
  fleet_lost: string;
  fleet_edge: string;
}

const dark = matchMedia("(prefers-color-scheme: dark)");
let known: Palette | null = null;
dark.addEventListener("change", () => (known = null));

/** The colours now; read from the style sheet once per scheme, since hundreds of dots ask. */
export function palette(): Palette {
  known ??= read();
  return known;
}

function read(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    text: colour("text"),
    muted: colour("muted"),
    surface: colour("surface"),
    accent: colour("accent"),
    warn: colour("warn"),
    trail: colour("map-trail"),
    land: colour("map-land"),
    water: colour("map-water"),
    park: colour("map-park"),
    casing: colour("map-casing"),
    residential: colour("map-residential"),
    street: colour("map-street"),
    avenue: colour("map-avenue"),
    highway: colour("map-highway"),
    fleet_live: colour("live"),
    fleet_delayed: colour("fleet-delayed"),
    fleet_lost: colour("bad"),
    fleet_edge: colour("fleet-edge"),
  };
}

/** Calls back when the device changes between light and dark, until what it returns is called. */
export function onSchemeChange(changed: () => void): () => void {
  dark.addEventListener("change", changed);
  return () => dark.removeEventListener("change", changed);
}
