import L from "leaflet";
import { byId } from "../lib/dom.ts";
import { money } from "../lib/format.ts";
import type { Http } from "../lib/http.ts";
import type { Offer } from "../lib/job.ts";
import { region } from "../lib/region.ts";
import type { MapSettings, Place } from "../lib/wire.ts";
import { baseMap } from "../map/base_map.ts";
import { words } from "./words.ts";

const NEAREST_ZOOM = 15;

/** The open jobs on a map: a price at each approximate place, and where the pro is. */
export class FeedMap {
  private readonly map: L.Map;
  private readonly chosen: (id: string) => void;
  private readonly markers = new Map<string, L.Marker>();
  private readonly you: L.Marker;
  private framed = false;

  /** `chosen` is called when somebody taps a job. */
  constructor(http: Http, settings: MapSettings, chosen: (id: string) => void) {
    this.chosen = chosen;
    this.map = baseMap(byId("feed-map"), http, settings);
    const icon = L.divIcon({ className: "you", iconSize: [22, 22] });
    this.you = L.marker([0, 0], { icon, interactive: false, keyboard: false, alt: words.you, zIndexOffset: 1_000 });
  }

  show(offers: readonly Offer[]): void {
    const wanted = new Set(offers.map(({ id }) => id));
    for (const [id, marker] of this.markers) {
      if (wanted.has(id)) continue;
      marker.remove();
      this.markers.delete(id);
    }
    for (const offer of offers) {
      if (!this.markers.has(offer.id)) this.markers.set(offer.id, this.marker(offer));
    }
    this.map.getContainer().dataset["offers"] = String(this.markers.size);
  }

  youAre({ lat, lng }: Place): void {
    this.you.setLatLng([lat, lng]).addTo(this.map);
  }

  /** Brings everything into sight, the first time only: afterwards the map is the person's. */
  frame(): void {
    this.map.invalidateSize({ animate: false });
    const places = [...this.markers.values(), ...(this.map.hasLayer(this.you) ? [this.you] : [])].map((marker) => marker.getLatLng());
    if (this.framed || places.length === 0) return;
    this.framed = true;
    this.map.fitBounds(L.latLngBounds(places), { padding: [48, 48], maxZoom: NEAREST_ZOOM, animate: false });
  }

  private marker(offer: Offer): L.Marker {
    const label = document.createElement("span");
    label.textContent = short(offer.price_cents);
    const icon = L.divIcon({ className: "offer-pin", html: label, iconSize: [88, 44] });
    const title = `${offer.service}, ${money(offer.price_cents, region)}`;
    const marker = L.marker([offer.approximate_lat, offer.approximate_lng], { icon, title, alt: title });
    return marker.on("click", () => this.chosen(offer.id)).addTo(this.map);
  }
}

/** An amount that takes little room: whole units without their zeros. */
function short(cents: number): string {
  const said = money(cents, region);
  return cents % 100 === 0 ? said.replace(/[.,]00(?!\d)/, "") : said;
}
