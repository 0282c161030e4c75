import L from "leaflet";
import { serverNow } from "../lib/clock.ts";
import { byId, setText } from "../lib/dom.ts";
import { AckRefused, type Live } from "../lib/live.ts";
import type { Contact, Place } from "../lib/wire.ts";
import { onSchemeChange, palette } from "../map/palette.ts";
import { words } from "./words.ts";

/** One pro of the fleet as `watch_fleet` and `fleet_tick` give it. */
interface FleetPosition extends Place {
  pro_id: string;
  name?: string | null;
  heading: number | null;
  recorded_at: string;
  contact?: Contact | null;
  job_id: string | null;
}

interface Shown {
  position: FleetPosition;
  dot: L.CircleMarker;
  label: HTMLElement;
}

const SETTLE_MS = 250;
/** A "live" that nothing has confirmed for so long is not shown as live. */
const PATIENCE_MS = 90_000;

/** All pros in sight, as dots coloured by contact; a click opens the pro's job. */
export class FleetMap {
  private readonly map: L.Map;
  private readonly live: Live;
  private readonly open: (job_id: string) => void;
  private readonly layer: L.LayerGroup;
  private readonly renderer = L.canvas({ padding: 0.3 });
  private readonly pros = new Map<string, Shown>();
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(map: L.Map, live: Live, open: (job_id: string) => void) {
    this.map = map;
    this.live = live;
    this.open = open;
    this.layer = L.layerGroup().addTo(map);
    map.on("moveend", () => this.watchSoon());
    onSchemeChange(() => this.paint());
  }

  /** Subscribes to what is in sight now. */
  async watch(): Promise<void> {
    if (!this.live.connected) return;
    const bounds = this.map.getBounds().pad(0.1);
    const within = (degrees: number, limit: number): number => Math.max(-limit, Math.min(limit, degrees));
    const bbox = [
      within(bounds.getWest(), 180),
      within(bounds.getSouth(), 90),
      within(bounds.getEast(), 180),
      within(bounds.getNorth(), 90),
    ];
    try {
      const { positions } = await this.live.ask<{ ok: true; positions: FleetPosition[] }>("watch_fleet", { bbox });
      const present = new Set(positions.map((position) => position.pro_id));
      for (const id of [...this.pros.keys()]) if (!present.has(id)) this.forget(id);
      this.take(positions);
    } catch (error) {
      if (!(error instanceof AckRefused)) throw error;
      if (!error.refusal.retry) setText(byId("fleet"), words.fleetRefused);
    }
  }

  /** A tick of one cell, or the first answer. */
  take(positions: readonly FleetPosition[]): void {
    for (const position of positions) this.place(position);
    setText(byId("fleet"), words.fleet(this.pros.size));
    byId("map").dataset["pros"] = String(this.pros.size);
  }

  /** Time passes: dots that nobody confirmed lose their colour. */
  paint(): void {
    for (const shown of this.pros.values()) dress(shown);
  }

  private place(position: FleetPosition): void {
    if (!Number.isFinite(position.lat) || !Number.isFinite(position.lng)) return;
    const shown = this.pros.get(position.pro_id);
    if (shown) {
      if (position.recorded_at < shown.position.recorded_at) return;
      shown.position = { ...shown.position, ...position };
      shown.dot.setLatLng([position.lat, position.lng]);
      return dress(shown);
    }
    const dot = L.circleMarker([position.lat, position.lng], { renderer: this.renderer, radius: 8 });
    const label = document.createElement("span");
    const added: Shown = { position, dot, label };
    this.pros.set(position.pro_id, added);
    dress(added);
    dot.bindTooltip(label, { direction: "top", offset: [0, -6] });
    dot.on("click", () => {
      const job_id = this.pros.get(position.pro_id)?.position.job_id;
      if (job_id) this.open(job_id);
    });
    dot.addTo(this.layer);
  }

  private forget(id: string): void {
    this.pros.get(id)?.dot.remove();
    this.pros.delete(id);
  }

  private watchSoon(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.watch(), SETTLE_MS);
  }
}

/** Colour and words by contact: the words are for those who cannot tell the colours apart. */
function dress({ position, dot, label }: Shown): void {
  const { fleet_live, fleet_delayed, fleet_lost, fleet_edge } = palette();
  const contact = contactNow(position);
  const fillColor = { live: fleet_live, delayed: fleet_delayed, lost: fleet_lost }[contact];
  if (dot.options.fillColor !== fillColor || dot.options.color !== fleet_edge) {
    dot.setStyle({ color: fleet_edge, weight: 2.5, fillColor, fillOpacity: 1 });
  }
  setText(label, words.pro(position.name ?? position.pro_id, words.contact[contact]));
}

function contactNow(position: FleetPosition): Contact {
  const fresh = serverNow() - Date.parse(position.recorded_at) < PATIENCE_MS;
  const contact = position.contact ?? "live";
  return contact === "live" && !fresh ? "delayed" : contact;
}
