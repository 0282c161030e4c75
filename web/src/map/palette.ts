/** Colours the map draws with, read from the style sheet's tokens so that light and dark follow it. */
export interface Palette {
  accent: string;
  trail: string;
  water: string;
  park: string;
  casing: string;
  major: string;
  minor: string;
  residential: string;
}

export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    accent: colour("accent"),
    trail: colour("map-trail"),
    water: colour("map-water"),
    park: colour("map-park"),
    casing: colour("map-casing"),
    major: colour("map-major"),
    minor: colour("map-minor"),
    residential: colour("map-residential"),
  };
}

/** Calls back when the device changes between light and dark. */
export function onSchemeChange(changed: () => void): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}
