import L from "leaflet";
import { byId, show } from "../lib/dom.ts";
import type { Http } from "../lib/http.ts";
import type { JobView } from "../lib/job_view.ts";
import type { MapSettings, Place } from "../lib/wire.ts";
import { baseMap } from "../map/base_map.ts";
import { JobMap } from "../map/job_map.ts";
import { margins } from "../map/margins.ts";
import { words } from "./words/visit.ts";

const NEAREST_ZOOM = 17;
const ALONE_ZOOM = 15;

/** The customer's map: keeps dot and address in sight until the person moves the map themselves. */
export class FollowMap {
  private readonly map: L.Map;
  private readonly job: JobMap;
  private readonly card = byId("card");
  private readonly recentre = byId<HTMLButtonElement>("recentre");
  private following = true;
  private placed = false;
  private ours = false;
  private sights: Place[] = [];

  constructor(http: Http, settings: MapSettings, view: JobView) {
    const element = byId("map");
    this.map = baseMap(element, http, settings);
    const name = view.job.pro?.name ?? words.someone;
    const place = view.shared ? words.guest.place : words.place;
    this.job = new JobMap(this.map, { vehicle: words.vehicle(name), place });
    this.recentre.addEventListener("click", () => this.follow(true));
    this.map.on("dragstart zoomstart", () => {
      if (!this.ours) this.follow(false);
    });
    this.map.on("moveend", () => {
      this.ours = false;
    });
    new ResizeObserver(() => {
      this.map.invalidateSize({ animate: false });
      if (this.following) this.frame(false);
    }).observe(element);
  }

  show(view: JobView, live: boolean): void {
    this.sights = this.job.show(view, live);
    if (!this.following) return;
    if (!this.placed) this.frame(false);
    else if (!this.wellFramed()) this.frame(true);
  }

  private follow(following: boolean): void {
    this.following = following;
    show(this.recentre, !following);
    if (following) this.frame(true);
  }

  /** Everything in sight, and not so small that nothing can be told. */
  private wellFramed(): boolean {
    const { topLeft, bottomRight } = margins(this.map, this.card);
    const inner = L.bounds(topLeft, this.map.getSize().subtract(bottomRight));
    const points = this.sights.map((place) => this.map.latLngToContainerPoint([place.lat, place.lng]));
    if (!points.every((point) => inner.contains(point))) return false;
    if (points.length < 2 || this.map.getZoom() >= NEAREST_ZOOM) return true;
    const used = L.bounds(points).getSize();
    const room = inner.getSize();
    return used.x > room.x * 0.4 || used.y > room.y * 0.4;
  }

  private frame(animate: boolean): void {
    const [first] = this.sights;
    if (!first || this.map.getSize().x === 0) return;
    const bounds = L.latLngBounds(this.sights.map((place) => [place.lat, place.lng]));
    const { topLeft, bottomRight } = margins(this.map, this.card);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.placed = true;
    this.ours = true;
    this.map.fitBounds(bounds, {
      paddingTopLeft: topLeft,
      paddingBottomRight: bottomRight,
      maxZoom: this.sights.length > 1 ? NEAREST_ZOOM : ALONE_ZOOM,
      animate: animate && !calm,
    });
  }
}
