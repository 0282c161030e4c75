import L from "leaflet";
import type { Streets } from "../lib/wire.ts";
import { RoadNames } from "./road_names.ts";
import { onSchemeChange, palette } from "./palette.ts";

/** The classes of road, least important first: the order in which they are painted. */
const CLASSES = ["residential", "street", "avenue", "highway"] as const;
type RoadClass = (typeof CLASSES)[number];

/** Widths in pixels at zoom 15, and how far a road's dark edge stands out on each side. */
const WIDTH: Record<RoadClass, number> = { residential: 4, street: 6, avenue: 8.5, highway: 11 };
const EDGE = 1;

/** A map drawn from the city's own streets: works with no network beyond our own server. */
export class StreetMap {
  private readonly map: L.Map;
  private readonly edges = new Map<RoadClass, L.Polyline>();
  private readonly roads = new Map<RoadClass, L.Polyline>();
  private readonly areas: { kind: string; layer: L.Polygon }[] = [];

  constructor(map: L.Map, streets: Streets) {
    this.map = map;
    map.createPane("streets").style.zIndex = "150"; // under tiles' usual 200, under everything of ours
    const renderer = L.canvas({ pane: "streets", padding: 0.4 });
    const base = { renderer, pane: "streets", interactive: false } as const;
    const lines = byClass(streets);
    for (const area of streets.areas ?? []) {
      this.areas.push({ kind: area.kind, layer: L.polygon(area.ring, { ...base, stroke: false, fillOpacity: 1 }) });
    }
    for (const kind of CLASSES) {
      const look = { ...base, lineCap: "round", lineJoin: "round", smoothFactor: 0.6 } as const;
      this.edges.set(kind, L.polyline(lines[kind], look));
      this.roads.set(kind, L.polyline(lines[kind], look));
    }
    // All edges before all surfaces, so that junctions are open and not crossed by kerbs.
    const layers = [...this.areas.map((area) => area.layer), ...this.edges.values(), ...this.roads.values()];
    L.layerGroup(layers).addTo(map);
    new RoadNames(streets).addTo(map);
    this.paint();
    map.on("zoomend", () => this.paint());
    onSchemeChange(() => this.paint());
  }

  private paint(): void {
    const colours = palette();
    const scale = 2 ** ((this.map.getZoom() - 15) * 0.7);
    for (const { kind, layer } of this.areas) {
      layer.setStyle({ fillColor: kind === "water" ? colours.water : colours.park });
    }
    for (const kind of CLASSES) {
      const weight = Math.max(0.8, WIDTH[kind] * scale);
      const edge = weight > 2.5 ? weight + 2 * EDGE : 0;
      this.edges.get(kind)?.setStyle({ color: colours.casing, weight: edge, opacity: edge > 0 ? 1 : 0 });
      this.roads.get(kind)?.setStyle({ color: colours[kind], weight });
    }
  }
}

function byClass(streets: Streets): Record<RoadClass, [number, number][][]> {
  const lines: Record<RoadClass, [number, number][][]> = { residential: [], street: [], avenue: [], highway: [] };
  for (const road of streets.roads) lines[classOf(road.kind)].push(road.line);
  return lines;
}

function classOf(kind: string): RoadClass {
  return (CLASSES as readonly string[]).includes(kind) ? (kind as RoadClass) : "residential";
}
