import { isDue, readingOf, type Heartbeat, type Reading } from "./fix.ts";
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
  private watchId: number | null = null;
  private timer: ReturnType<typeof setInterval> | null = null;
  private battery: { level: number } | null = null;

  constructor(sender: Sender, changed: () => void) {
    this.sender = sender;
    this.changed = changed;
  }

  get running(): boolean {
    return this.watchId !== null;
  }

  start(): void {
    if (this.running) return;
    if (!window.isSecureContext) return this.become("insecure");
    if (!("geolocation" in navigator)) return this.become("missing");
    this.become("asking");
    this.watchId = navigator.geolocation.watchPosition(this.read, this.failed, OPTIONS);
    // A parked phone gets no new positions: then the clock asks for one.
    this.timer = setInterval(this.tick, 1_000);
    void this.awake.hold();
    void batteryOf().then((battery) => (this.battery = battery));
  }

  stop(): void {
    if (this.watchId !== null) navigator.geolocation.clearWatch(this.watchId);
    if (this.timer !== null) clearInterval(this.timer);
    this.watchId = this.timer = null;
    this.awake.release();
    this.become("off");
  }

  private readonly read = (position: GeolocationPosition): void => {
    if (!this.running) return;
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

  private readonly tick = (): void => {
    if (this.latest !== null) this.consider(this.latest);
    const quiet_ms = Date.now() - (this.latest?.recorded_at ?? 0);
    if (quiet_ms >= this.sender.policy.interval_s * 1_000) {
      navigator.geolocation.getCurrentPosition(this.read, () => undefined, { ...OPTIONS, timeout: 5_000 });
    }
  };

  private consider(reading: Reading): void {
    if (this.sent !== null && reading.recorded_at <= this.sent.recorded_at) return;
    if (!isDue(reading, this.sent, this.sender.policy)) return;
    this.sent = reading;
    const battery = this.battery?.level ?? null;
    const heartbeat: Heartbeat = { ...reading, seq: this.seq++, session: this.session, battery };
    void this.sender.send(heartbeat);
  }

  private become(permission: Permission): void {
    if (permission === this.permission) return;
    this.permission = permission;
    this.changed();
  }
}

/** Keeps the screen on, where the browser can: a sleeping page reads no positions. */
class Awake {
  private wanted = false;
  private lock: WakeLockSentinel | null = null;

  constructor() {
    // The browser lets go of the lock whenever the page is hidden.
    document.addEventListener("visibilitychange", () => {
      if (this.wanted && document.visibilityState === "visible") void this.hold();
    });
  }

  async hold(): Promise<void> {
    this.wanted = true;
    try {
      this.lock = (await navigator.wakeLock?.request("screen")) ?? null;
    } catch {
      this.lock = null; // battery saver: the page works, but only while somebody keeps it awake
    }
  }

  release(): void {
    this.wanted = false;
    void this.lock?.release().catch(() => undefined);
    this.lock = null;
  }
}

/** The battery, where the browser tells (W3C Battery Status). */
async function batteryOf(): Promise<{ level: number } | null> {
  const { getBattery } = navigator as Navigator & { getBattery?: () => Promise<{ level: number }> };
  try {
    return (await getBattery?.call(navigator)) ?? null;
  } catch {
    return null;
  }
}
