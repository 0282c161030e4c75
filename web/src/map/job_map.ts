import L from "leaflet";
import { icon } from "../lib/dom.ts";
import type { JobView } from "../lib/job_view.ts";
import type { Place } from "../lib/wire.ts";
import { onSchemeChange, palette } from "./palette.ts";
import { Vehicle } from "./vehicle.ts";

/** A house, for the place the visit is at. */
const HOUSE = "M12 3.2 3 11h2.4v9h5v-5.6h3.2V20h5v-9H21Z";

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** One job on a map: the place, the trail behind the pro, and the moving dot. */
export class JobMap {
  private readonly map: L.Map;
  private readonly vehicle: Vehicle;
  private readonly trail: L.Polyline;
  /** From the trail's end to the dot: the only line that is drawn anew in each frame. */
  private readonly lead: L.Polyline;
  private readonly place: L.Marker;
  private readonly forgetScheme: () => void;
  private tail: [number, number] | null = null;

  constructor(map: L.Map, words: { vehicle: string; place: string }) {
    this.map = map;
    const line = { interactive: false, weight: 5, smoothFactor: 0.8, lineCap: "round" } as const;
    this.trail = L.polyline([], line).addTo(map);
    this.lead = L.polyline([], line).addTo(map);
    this.place = L.marker([0, 0], { icon: pin(), title: words.place, alt: words.place, interactive: false, keyboard: false });
    this.vehicle = new Vehicle(map, words.vehicle, () => calm.matches);
    this.vehicle.onMove = (lat, lng) => {
      this.lead.setLatLngs(this.tail === null ? [] : [this.tail, [lat, lng]]);
      map.getContainer().dataset["dot"] = `${lat.toFixed(6)},${lng.toFixed(6)}`;
    };
    this.paint();
    this.forgetScheme = onSchemeChange(() => this.paint());
  }

  /** Draws what is known; returns the places that should be in sight. */
  show(view: JobView, live: boolean): Place[] {
    const { destination } = view.job;
    this.place.setLatLng([destination.lat, destination.lng]).addTo(this.map);
    // The newest point is where the dot is going: until it arrives, the trail ends at the dot.
    const done = view.position === null ? view.trail : view.trail.filter((point) => point[2] < view.seq);
    const points = done.map(([lat, lng]): [number, number] => [lat, lng]);
    this.trail.setLatLngs(points);
    this.tail = points.at(-1) ?? null;
    if (view.position === null) {
      this.vehicle.hide();
      this.lead.setLatLngs([]);
    } else {
      this.vehicle.go(view.position);
      this.vehicle.signal(live);
    }
    this.describe(view);
    return view.position === null ? [destination] : [destination, view.position];
  }

  /** Takes everything of this job off the map. */
  remove(): void {
    this.forgetScheme();
    this.vehicle.hide();
    this.trail.remove();
    this.lead.remove();
    this.place.remove();
  }

  private paint(): void {
    const { trail } = palette();
    this.trail.setStyle({ color: trail });
    this.lead.setStyle({ color: trail });
  }

  /** What the map shows, as data: for tests and for whoever debugs a page with its inspector. */
  private describe(view: JobView): void {
    const { dataset } = this.map.getContainer();
    dataset["seq"] = String(view.seq);
    dataset["trail"] = String(view.trail.length);
    if (view.position === null) delete dataset["dot"];
  }
}

function pin(): L.DivIcon {
  const face = document.createElement("div");
  face.className = "pin";
  face.append(icon(HOUSE));
  return L.divIcon({ className: "pin-icon", html: face, iconSize: [40, 48], iconAnchor: [20, 46] });
}
