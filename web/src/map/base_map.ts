import L from "leaflet";
import "leaflet/dist/leaflet.css";
import "../styles/map.css";
import type { Http } from "../lib/http.ts";
import type { MapSettings } from "../lib/wire.ts";
import { Attribution } from "./attribution.ts";
import { streetsOf } from "./settings.ts";
import { StreetMap } from "./streets.ts";

/** So many tiles fail, with none loaded, before the city's own streets take over. */
const TILES_GIVEN_UP = 4;

/** A map with tiles, or with the city's own streets where there are none or they do not load. */
export function baseMap(element: HTMLElement, http: Http, settings: MapSettings): L.Map {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(element, {
    attributionControl: false,
    zoomControl: false,
    // Tiles are sharp only at whole zooms; our own lines at any.
    zoomSnap: settings.tiles_url === null ? 0.25 : 1,
    minZoom: 3,
    maxZoom: 19,
    zoomAnimation: !calm,
    fadeAnimation: !calm,
    markerZoomAnimation: !calm,
    inertia: !calm,
  });
  map.setView(settings.center, settings.zoom);
  L.control.zoom({ position: "topright" }).addTo(map);
  const attribution = new Attribution();
  attribution.addTo(map);
  const drawStreets = (): void => void ownStreets(map, http, settings, attribution);
  if (settings.tiles_url === null) drawStreets();
  else tiles(map, settings.tiles_url, settings.attribution, attribution, drawStreets);
  return map;
}

function tiles(map: L.Map, url: string, words: string, attribution: Attribution, giveUp: () => void): void {
  attribution.set(words);
  const layer = L.tileLayer(url, { maxZoom: 19, detectRetina: url.includes("{r}") });
  let loaded = 0;
  let failed = 0;
  layer.on("tileload", () => loaded++);
  layer.on("tileerror", () => {
    failed++;
    if (loaded === 0 && failed === TILES_GIVEN_UP) {
      layer.remove();
      giveUp();
    }
  });
  layer.addTo(map);
}

async function ownStreets(map: L.Map, http: Http, settings: MapSettings, attribution: Attribution): Promise<void> {
  const streets = await streetsOf(http, settings);
  attribution.set(streets?.attribution ?? "");
  if (streets) new StreetMap(map, streets);
}
