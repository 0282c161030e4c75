import { bearing, glideTime, metresBetween } from "../../lib/motion.ts";
import type { Contact, Place } from "../../lib/wire.ts";
import { worldOf } from "../../map/world.ts";

/** One pro of the fleet as `watch_fleet` and `fleet_tick` give it. */
export interface FleetPosition extends Place {
  pro_id: string;
  name?: string | null;
  /** Degrees clockwise from north. */
  heading: number | null;
  recorded_at: string;
  contact?: Contact | null;
  /** The job at hand. */
  job_id: string | null;
}

/** `fleet_tick`: who is where now, and who is not to be seen any more. */
export interface FleetTick {
  positions: readonly FleetPosition[];
  gone?: readonly string[];
}

/** A pro on the map: on its way from one place of the world's square to the next. */
export interface Pro extends Place {
  id: string;
  name: string;
  heading: number | null;
  job_id: string | null;
  /** What the server said of the signal; see `contactOf`. */
  contact: Contact;
  /** When the position was recorded, epoch milliseconds. */
  recorded_ms: number;
  fromX: number;
  fromY: number;
  toX: number;
  toY: number;
  /** `performance.now()` when it set off, and how long it takes, milliseconds. */
  began_ms: number;
  duration_ms: number;
  /** `performance.now()` when the server last spoke of it. */
  told_ms: number;
}

/** The longest silence that a phone may be asked for is a minute; after twice that it is overdue. */
const PATIENCE_MS = 150_000;

/** How a pro's signal is. The server says when it fails; a "live" that nobody has confirmed for long is not believed. */
export function contactOf(pro: Pro, now_ms: number): Contact {
  return pro.contact === "live" && now_ms - pro.recorded_ms > PATIENCE_MS ? "delayed" : pro.contact;
}

/** How far a pro has come: 0 where the glide began, 1 where it ends. */
export function shareOf(pro: Pro, at_ms: number): number {
  if (pro.duration_ms <= 0) return 1;
  return Math.min(1, Math.max(0, (at_ms - pro.began_ms) / pro.duration_ms));
}

/** Everybody whom the server told of, by id. Times of gliding are `performance.now()`. */
export class Pros {
  private readonly all = new Map<string, Pro>();
  /** When (`performance.now()`) somebody was said to be gone: an answer to an older question may still have them. */
  private readonly gone = new Map<string, number>();

  get size(): number {
    return this.all.size;
  }

  values(): IterableIterator<Pro> {
    return this.all.values();
  }

  /** Has exactly these, and whom a tick has told of since `asked_ms`: the answer to `watch_fleet`. */
  replace(positions: readonly FleetPosition[], asked_ms: number, at_ms: number, still: boolean): void {
    const present = new Set(positions.map((position) => position.pro_id));
    for (const pro of this.all.values()) if (!present.has(pro.id) && pro.told_ms < asked_ms) this.all.delete(pro.id);
    for (const [id, gone_ms] of this.gone) if (gone_ms < asked_ms) this.gone.delete(id);
    for (const position of positions) if (!this.gone.has(position.pro_id)) this.place(position, at_ms, still);
  }

  /** Takes a tick. `still`: they jump instead of gliding. */
  take(tick: FleetTick, at_ms: number, still: boolean): void {
    for (const position of tick.positions) {
      this.gone.delete(position.pro_id);
      this.place(position, at_ms, still);
    }
    for (const id of tick.gone ?? []) {
      this.all.delete(id);
      this.gone.set(id, at_ms);
    }
  }

  private place(position: FleetPosition, at_ms: number, still: boolean): void {
    const recorded_ms = Date.parse(position.recorded_at);
    if (!Number.isFinite(position.lat) || !Number.isFinite(position.lng) || Number.isNaN(recorded_ms)) return;
    const known = this.all.get(position.pro_id);
    if (known === undefined) {
      this.all.set(position.pro_id, made(position, recorded_ms, at_ms));
    } else if (recorded_ms >= known.recorded_ms) {
      move(known, position, recorded_ms, at_ms, still);
    }
  }
}

function made(position: FleetPosition, recorded_ms: number, at_ms: number): Pro {
  const { x, y } = worldOf(position);
  const { pro_id, name, lat, lng, heading, job_id, contact } = position;
  const told = { id: pro_id, name: name ?? pro_id, lat, lng, heading, job_id, contact: contact ?? "live" };
  return { ...told, recorded_ms, fromX: x, fromY: y, toX: x, toY: y, began_ms: at_ms, duration_ms: 0, told_ms: at_ms };
}

function move(pro: Pro, position: FleetPosition, recorded_ms: number, at_ms: number, still: boolean): void {
  const distance_m = metresBetween(pro, position);
  const gap_ms = recorded_ms - pro.recorded_ms;
  if (distance_m > 0) {
    const share = shareOf(pro, at_ms);
    const to = worldOf(position);
    pro.fromX += (pro.toX - pro.fromX) * share;
    pro.fromY += (pro.toY - pro.fromY) * share;
    if (Math.abs(to.x - pro.fromX) > 0.5) pro.fromX += Math.sign(to.x - pro.fromX); // over the date line, the short way
    pro.toX = to.x;
    pro.toY = to.y;
    pro.began_ms = at_ms;
    pro.duration_ms = still ? 0 : glideTime(gap_ms / 1_000, gap_ms, distance_m);
  }
  pro.heading = position.heading ?? bearing(pro, position) ?? pro.heading;
  pro.lat = position.lat;
  pro.lng = position.lng;
  pro.recorded_ms = recorded_ms;
  pro.name = position.name ?? pro.name;
  pro.job_id = position.job_id;
  pro.contact = position.contact ?? "live";
  pro.told_ms = at_ms;
}
