import { metresBetween } from "../lib/motion.ts";
import type { GpsPosition } from "./gps.ts";

/** The heartbeat as the wire has it: W3C Geolocation names and units; null where the device does not know. */
export interface Heartbeat {
  lat: number;
  lng: number;
  accuracy: number | null;
  heading: number | null;
  speed: number | null;
  /** Epoch milliseconds of the device's clock. */
  recorded_at: number;
  seq: number;
  session: string;
  /** 0 to 1. */
  battery: number | null;
}

/** How often the server wants to hear: the longest silence, and the metres that are worth a message sooner. */
export interface Policy {
  interval_s: number;
  min_displacement_m: number;
}

export const FIRST_POLICY: Policy = { interval_s: 5, min_displacement_m: 10 };

/** A device's reading as a heartbeat, without what the sender adds. */
export type Reading = Omit<Heartbeat, "seq" | "session" | "battery">;

export function readingOf(position: GpsPosition): Reading {
  const { latitude, longitude, accuracy, heading, speed } = position.coords;
  return {
    lat: latitude,
    lng: longitude,
    accuracy: known(accuracy),
    heading: known(heading),
    speed: known(speed),
    recorded_at: Math.round(position.timestamp),
  };
}

/** Browsers say null, and some say NaN or −1, for what they do not know. */
function known(value: number | null): number | null {
  return value !== null && Number.isFinite(value) && value >= 0 ? value : null;
}

/** However fast the phone moves, more than this tells nobody anything. */
const SHORTEST_S = 1;
/** Timers and clocks are not exact: a reading this much early is on time. */
const EARLY = 0.95;

/**
 * Whether a reading should be sent now: the phone has moved far enough since the last one sent, or
 * has been silent for the whole interval and must say that it is still there.
 */
export function isDue(reading: Reading, last: Reading | null, policy: Policy): boolean {
  if (last === null) return true;
  const age_s = (reading.recorded_at - last.recorded_at) / 1_000;
  if (age_s >= policy.interval_s * EARLY) return true;
  return age_s >= SHORTEST_S * EARLY && metresBetween(reading, last) >= Math.max(1, policy.min_displacement_m);
}

/** A policy from the wire, or the one before when it makes no sense. */
export function policyFrom(data: unknown, before: Policy): Policy {
  const { interval_s, min_displacement_m } = (data ?? {}) as Partial<Record<keyof Policy, unknown>>;
  const positive = (value: unknown, or: number): number => {
    return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : or;
  };
  return {
    interval_s: Math.max(0.5, positive(interval_s, before.interval_s)),
    min_displacement_m: positive(min_displacement_m, before.min_displacement_m),
  };
}
