import L from "leaflet";
import type { Streets } from "../lib/wire.ts";

type Point = [lat: number, lng: number];

/** A straight piece of a named road: a place where its name may be written. */
interface Piece {
  text: string;
  major: boolean;
  at: Point;
  /** Slope on the map, degrees clockwise, kept readable (−90…90). */
  slope: number;
  /** Length in projected metres, for the longest first. */
  length: number;
}

const FIRST_ZOOM = { major: 14, minor: 16 };
const MAJOR = ["highway", "avenue"];
const PANE = "road-names";
const APART_PX = 120;
const SAME_APART_PX = 420;

/** Names of the larger roads, written along them and never on top of each other. */
export class RoadNames extends L.LayerGroup {
  private readonly pieces: Piece[];

  constructor(streets: Streets) {
    super();
    this.pieces = piecesOf(streets);
  }

  override onAdd(map: L.Map): this {
    super.onAdd(map);
    map.createPane(PANE).style.zIndex = "160"; // on the streets, under everything of ours
    map.on("zoomend moveend", this.place, this);
    this.place();
    return this;
  }

  override onRemove(map: L.Map): this {
    map.off("zoomend moveend", this.place, this);
    return super.onRemove(map);
  }

  private place(): void {
    const map = this._map;
    this.clearLayers();
    if (!map) return;
    const zoom = map.getZoom();
    const view = map.getBounds().pad(0.1);
    const taken: { text: string; point: L.Point }[] = [];
    for (const piece of this.pieces) {
      if (zoom < (piece.major ? FIRST_ZOOM.major : FIRST_ZOOM.minor) || !view.contains(piece.at)) continue;
      const point = map.latLngToLayerPoint(piece.at);
      const near = taken.some((other) => {
        return other.point.distanceTo(point) < (other.text === piece.text ? SAME_APART_PX : APART_PX);
      });
      if (near) continue;
      taken.push({ text: piece.text, point });
      this.addLayer(label(piece));
    }
  }
}

function label(piece: Piece): L.Marker {
  const text = document.createElement("span");
  text.textContent = piece.text;
  text.style.rotate = `${piece.slope.toFixed(1)}deg`;
  const icon = L.divIcon({ className: "road-name", html: text, iconSize: [0, 0] });
  return L.marker(piece.at, { icon, interactive: false, keyboard: false, pane: PANE });
}

/** Every straight piece of the named roads; major roads first, then the longest. */
function piecesOf(streets: Streets): Piece[] {
  const pieces: Piece[] = [];
  for (const { kind, name, line } of streets.roads) {
    if (!name || kind === "residential") continue;
    for (let i = 1; i < line.length; i++) {
      pieces.push(piece(name, MAJOR.includes(kind), line[i - 1] as Point, line[i] as Point));
    }
  }
  return pieces.sort((a, b) => Number(b.major) - Number(a.major) || b.length - a.length);
}

function piece(text: string, major: boolean, from: Point, to: Point): Piece {
  const a = L.CRS.EPSG3857.project(L.latLng(from));
  const b = L.CRS.EPSG3857.project(L.latLng(to));
  const slope = (Math.atan2(a.y - b.y, b.x - a.x) * 180) / Math.PI;
  const readable = slope > 90 ? slope - 180 : slope < -90 ? slope + 180 : slope;
  const at: Point = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  return { text, major, at, slope: readable, length: a.distanceTo(b) };
}
