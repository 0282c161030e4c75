import { onServerClock } from "../lib/clock.ts";
import { Awake } from "./awake.ts";
import { batteryOf, type Battery } from "./battery.ts";
import { isDue, readingOf, type Heartbeat, type Reading } from "./fix.ts";
import type { Gps, GpsPosition } from "./gps.ts";
import { ASLEEP_MS } from "./phone_rules.ts";
import type { Sender } from "./sender.ts";

/** What the device allows. */
export type Permission =
  | "off" // not asked for
  | "asking" // waiting for the person, or for the first fix
  | "on"
  | "denied" // the person or the browser says no
  | "silent" // allowed, but the device finds no position
  | "insecure" // browsers give positions only to pages served over https
  | "missing"; // this browser has no geolocation

const REMEMBER_SLEEP_MS = 15 * 60_000;
const OPTIONS: PositionOptions = { enableHighAccuracy: true, maximumAge: 0, timeout: 30_000 };

/** Streams this device's position: what the browser reads, thinned by the policy, to the sender. */
export class Sharing {
  permission: Permission = "off";
  /** The newest reading, sent or not. */
  latest: Reading | null = null;
  private readonly sender: Sender;
  private readonly changed: () => void;
  private readonly session = crypto.randomUUID?.() ?? String(Date.now());
  private readonly awake = new Awake();
  private seq = 0;
  private sent: Reading | null = null;
  /** What gives positions instead of the device's own. */
  private other: Gps | null = null;
  private watchId: number | null = null;
  private timer: ReturnType<typeof setInterval> | null = null;
  private battery: Battery | null = null;
  /** When the page last did anything, and how long it once stood still: a phone stops pages it does not show. */
  private alive_ms = 0;
  private slept = { for_ms: 0, until_ms: 0 };

  constructor(sender: Sender, changed: () => void) {
    this.sender = sender;
    this.changed = changed;
  }

  get running(): boolean {
    return this.watchId !== null;
  }

  /** 0 to 1, when the browser tells. */
  get charge(): number | null {
    return this.battery?.level ?? null;
  }

  get charging(): boolean {
    return this.battery?.charging ?? false;
  }

  get screenRefused(): boolean {
    return this.awake.refused;
  }

  /** How long the page stood still while it should have shared, if that was lately; milliseconds. */
  get asleep_ms(): number {
    return Date.now() - this.slept.until_ms < REMEMBER_SLEEP_MS ? this.slept.for_ms : 0;
  }

  /** Takes positions from there; null: from the device itself. */
  use(other: Gps | null): void {
    if (other === this.other) return;
    const { running } = this;
    this.stop();
    this.other = other;
    this.latest = this.sent = null;
    if (running) this.start();
  }

  start(): void {
    if (this.running) return;
    if (this.other === null && !window.isSecureContext) return this.become("insecure");
    if (this.other === null && !("geolocation" in navigator)) return this.become("missing");
    this.become("asking");
    this.alive_ms = Date.now();
    this.slept = { for_ms: 0, until_ms: 0 };
    this.watchId = this.gps.watchPosition(this.read, this.failed, OPTIONS);
    // A parked phone gets no new positions: then the clock asks for one.
    this.timer = setInterval(this.tick, 1_000);
    void this.awake.hold();
    void batteryOf().then((battery) => (this.battery = battery));
  }

  stop(): void {
    if (this.watchId !== null) this.gps.clearWatch(this.watchId);
    if (this.timer !== null) clearInterval(this.timer);
    this.watchId = this.timer = null;
    this.awake.release();
    this.become("off");
  }

  private get gps(): Gps {
    return this.other ?? navigator.geolocation;
  }

  private readonly read = (position: GpsPosition): void => {
    if (!this.running) return;
    this.noticeSleep();
    this.latest = readingOf(position);
    this.become("on");
    this.consider(this.latest);
  };

  private readonly failed = (error: GeolocationPositionError): void => {
    if (!this.running) return;
    if (error.code === error.PERMISSION_DENIED) {
      this.stop();
      this.become("denied");
    } else if (this.latest === null || Date.now() - this.latest.recorded_at > 60_000) {
      this.become("silent");
    }
  };

  private noticeSleep(): void {
    const now_ms = Date.now();
    const for_ms = now_ms - this.alive_ms;
    if (for_ms >= ASLEEP_MS) this.slept = { for_ms, until_ms: now_ms };
    this.alive_ms = now_ms;
  }

  private readonly tick = (): void => {
    this.noticeSleep();
    if (this.latest !== null) this.consider(this.latest);
    const quiet_ms = Date.now() - (this.latest?.recorded_at ?? 0);
    if (quiet_ms >= this.sender.policy.interval_s * 1_000) {
      this.gps.getCurrentPosition(this.read, () => undefined, { ...OPTIONS, timeout: 5_000 });
    }
  };

  private consider(reading: Reading): void {
    if (this.sent !== null && reading.recorded_at <= this.sent.recorded_at) return;
    if (!isDue(reading, this.sent, this.sender.policy)) return;
    this.sent = reading;
    // A phone whose clock is wrong would otherwise be seen in the future, or not at all.
    const recorded_at = Math.round(onServerClock(reading.recorded_at));
    const heartbeat: Heartbeat = { ...reading, recorded_at, seq: this.seq++, session: this.session, battery: this.charge };
    void this.sender.send(heartbeat);
  }

  private become(permission: Permission): void {
    if (permission === this.permission) return;
    this.permission = permission;
    this.changed();
  }
}
