import type L from "leaflet";
import { AckRefused, type Live } from "../../lib/live.ts";
import { bboxOf } from "../../map/world.ts";
import type { FleetPosition } from "./pros.ts";

export interface SightHandlers {
  /** Everybody in sight, as of `asked_ms` (`performance.now()`). */
  seen(positions: readonly FleetPosition[], asked_ms: number): void;
  /** The server says no, and will say it again. */
  refused(why: string): void;
}

/** A map that is being moved asks when it has come to rest. */
const SETTLE_MS = 250;
const AGAIN_MS = 3_000;
/** Everything is asked anew this often: a tick that was lost, or who went in silence, is found out then. */
const ANEW_MS = 60_000;

/** Asks the server for the pros where the map looks, and for nothing while nobody looks at the map. */
export class Sight {
  private readonly map: L.Map;
  private readonly live: Live;
  private readonly handlers: SightHandlers;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private asked = 0;
  private paused = false;

  constructor(map: L.Map, live: Live, handlers: SightHandlers) {
    this.map = map;
    this.live = live;
    this.handlers = handlers;
    map.on("moveend", () => this.askIn(SETTLE_MS));
  }

  /** Asks now: the connection is new, or the map is looked at again. */
  async ask(): Promise<void> {
    if (!this.live.connected || this.paused || this.map.getSize().x === 0) return;
    const turn = ++this.asked;
    const asked_ms = performance.now();
    try {
      const bbox = bboxOf(this.map.getBounds().pad(0.1));
      const { positions } = await this.live.ask<{ ok: true; positions: FleetPosition[] }>("watch_fleet", { bbox });
      if (turn !== this.asked) return; // the map looks elsewhere meanwhile
      this.handlers.seen(positions, asked_ms);
      this.askIn(ANEW_MS);
    } catch (error) {
      if (!(error instanceof AckRefused)) throw error;
      if (turn !== this.asked || !this.live.connected) return; // the next connect asks again
      if (error.refusal.retry) this.askIn(AGAIN_MS);
      else this.handlers.refused(error.refusal.message);
    }
  }

  /** Nobody looks at the map. */
  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.asked++;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.live.connected) this.live.ask("unwatch_fleet", {}).catch(() => undefined);
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    void this.ask();
  }

  private askIn(wait_ms: number): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.ask();
    }, wait_ms);
  }
}
