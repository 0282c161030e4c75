import type { Place } from "../lib/wire.ts";

/** Places on the square of the Web Mercator projection (EPSG:3857): both axes run from 0 (west, north) to 1. Pure. */

export interface WorldPoint {
  x: number;
  y: number;
}

/** Where the square ends: atan(sinh(π)), degrees. */
const MOST_NORTH = 85.0511287798066;
/** Side of the square at zoom 0, pixels. */
const SIDE_PX = 256;

/** Where a place is on the square. */
export function worldOf({ lat, lng }: Place): WorldPoint {
  const within = Math.max(-MOST_NORTH, Math.min(MOST_NORTH, lat));
  const sin = Math.sin((within * Math.PI) / 180);
  return { x: lng / 360 + 0.5, y: 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI) };
}

/** Pixels along the square's side at a zoom. */
export function worldSize(zoom: number): number {
  return SIDE_PX * 2 ** zoom;
}

/** The copy of `x` that is nearest to `middle`: a map that was panned around the world shows its dots there too. */
export function nearestCopy(x: number, middle: number): number {
  return x + Math.round(middle - x);
}

interface Bounds {
  getWest(): number;
  getSouth(): number;
  getEast(): number;
  getNorth(): number;
}

/**
 * What a map looks at as the wire's `[west, south, east, north]` in degrees. A map that was panned around the world
 * has other degrees than the places on it; west of more than east crosses the date line.
 */
export function bboxOf(bounds: Bounds): [west: number, south: number, east: number, north: number] {
  const lat = (degrees: number): number => Math.max(-90, Math.min(90, degrees));
  const lng = (degrees: number): number => ((((degrees + 180) % 360) + 360) % 360) - 180;
  const all = bounds.getEast() - bounds.getWest() >= 360;
  const [west, east] = all ? [-180, 180] : [lng(bounds.getWest()), lng(bounds.getEast())];
  return [west, lat(bounds.getSouth()), east, lat(bounds.getNorth())];
}

/** Where most of these places are: south, west, north and east of all but the outermost hundredth on each side. */
export function mostOf(places: readonly Place[]): [south: number, west: number, north: number, east: number] | null {
  if (places.length === 0) return null;
  const lats = places.map((place) => place.lat).sort((a, b) => a - b);
  const lngs = places.map((place) => place.lng).sort((a, b) => a - b);
  const spare = Math.floor(places.length / 100);
  const at = (sorted: number[], index: number): number => sorted[index] as number;
  const last = places.length - 1 - spare;
  return [at(lats, spare), at(lngs, spare), at(lats, last), at(lngs, last)];
}
