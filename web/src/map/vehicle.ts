import L from "leaflet";
import { icon } from "../lib/dom.ts";
import { bearing, glideTime, metresBetween, poseAt, type Glide, type Pose } from "../lib/motion.ts";
import type { LocationUpdate } from "../lib/wire.ts";
import { palette } from "./palette.ts";

/** An arrow head pointing north. */
const ARROW = "M12 3 19 20 12 16.2 5 20Z";
const DISC = "M12 6a6 6 0 1 0 0 12 6 6 0 0 0 0-12Z";

/** The moving dot: a marker that glides from fix to fix, turned to its heading, with its accuracy. */
export class Vehicle {
  /** Called with each new place of the dot on the screen. */
  onMove: (lat: number, lng: number) => void = () => undefined;
  private readonly map: L.Map;
  private readonly still: () => boolean;
  private readonly marker: L.Marker;
  private readonly halo: L.Circle;
  private readonly face: HTMLElement;
  private glide: Glide | null = null;
  private last: LocationUpdate | null = null;
  private frame = 0;

  /** `still` says whether the person asked for less motion. */
  constructor(map: L.Map, title: string, still: () => boolean) {
    this.map = map;
    this.still = still;
    this.face = document.createElement("div");
    this.face.className = "vehicle";
    this.face.append(icon(DISC));
    const html = L.divIcon({ className: "vehicle-icon", html: this.face, iconSize: [48, 48] });
    this.marker = L.marker([0, 0], { icon: html, title, alt: title, interactive: false, keyboard: false, zIndexOffset: 1_000 });
    this.halo = L.circle([0, 0], { radius: 0, interactive: false, stroke: false, fillOpacity: 0.12, fillColor: palette().accent });
  }

  /** Where the dot is shown now; null before the first fix. */
  get pose(): Pose | null {
    return this.glide && poseAt(this.glide, performance.now());
  }

  /** Goes to a newer fix. The first one appears in its place. */
  go(update: LocationUpdate): void {
    if (update === this.last) return;
    const here = this.pose;
    const before = this.last;
    this.last = update;
    const heading = update.heading ?? (before && bearing(before, update)) ?? here?.heading ?? null;
    const to: Pose = { lat: update.lat, lng: update.lng, heading, accuracy: update.accuracy ?? 0 };
    const gap_ms = before ? Date.parse(update.recorded_at) - Date.parse(before.recorded_at) : 0;
    const jump = here === null || this.still() || document.visibilityState === "hidden";
    const duration_ms = jump ? 0 : glideTime(before?.next_in_s ?? null, gap_ms, metresBetween(here, to));
    this.glide = { from: here ?? to, to, began_ms: performance.now(), duration_ms };
    if (before === null) {
      this.halo.addTo(this.map);
      this.marker.addTo(this.map);
    }
    cancelAnimationFrame(this.frame);
    this.draw();
  }

  /** "live" pulses; otherwise the dot is grey and still. */
  signal(live: boolean): void {
    this.face.classList.toggle("is-live", live);
  }

  /** The dot may not be seen any more. */
  hide(): void {
    cancelAnimationFrame(this.frame);
    this.marker.remove();
    this.halo.remove();
    this.last = null;
    this.glide = null;
  }

  private readonly draw = (): void => {
    if (!this.glide) return;
    const now = performance.now();
    const { lat, lng, heading, accuracy } = poseAt(this.glide, now);
    this.marker.setLatLng([lat, lng]);
    this.halo.setLatLng([lat, lng]);
    if (this.halo.getRadius() !== accuracy) this.halo.setRadius(accuracy);
    this.turn(heading);
    this.onMove(lat, lng);
    if (now < this.glide.began_ms + this.glide.duration_ms) this.frame = requestAnimationFrame(this.draw);
  };

  private turn(heading: number | null): void {
    const path = this.face.querySelector("path");
    path?.setAttribute("d", heading === null ? DISC : ARROW);
    const shape = this.face.firstElementChild;
    if (shape instanceof SVGElement) shape.style.rotate = heading === null ? "" : `${heading.toFixed(1)}deg`;
  }
}
