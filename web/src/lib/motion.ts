import type { Place } from "./wire.ts";

/** The dot between two fixes. Pure: a glide is a value, and time comes in. */

export interface Pose extends Place {
  /** Degrees clockwise from north; null when unknown. */
  heading: number | null;
  /** Radius of the accuracy circle, metres. */
  accuracy: number;
}

export interface Glide {
  from: Pose;
  to: Pose;
  began_ms: number;
  duration_ms: number;
}

const SHORTEST_MS = 250;
const LONGEST_MS = 10_000;
const CATCH_UP_MS = 800;
/** Farther than a car drives in a tick: no glide would be believable. */
const LEAP_M = 1_500;

/**
 * How long the dot should take to the next fix: as long as that fix's successor is expected to take,
 * so that it arrives when the next begins. After a gap it hurries instead of replaying old time.
 */
export function glideTime(next_in_s: number | null, gap_ms: number, distance_m: number): number {
  const expected_ms = (next_in_s ?? 1) * 1_000;
  const late = gap_ms > 3 * Math.max(expected_ms, 1_000);
  if (distance_m > LEAP_M || late) return CATCH_UP_MS;
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, expected_ms));
}

/** Where the dot is at `now_ms`. */
export function poseAt(glide: Glide, now_ms: number): Pose {
  const share = glide.duration_ms <= 0 ? 1 : (now_ms - glide.began_ms) / glide.duration_ms;
  const t = Math.min(1, Math.max(0, share));
  if (t === 1) return glide.to;
  const { from, to } = glide;
  return {
    lat: mix(from.lat, to.lat, t),
    lng: from.lng + shortWay(to.lng - from.lng) * t,
    heading: turn(from.heading, to.heading, Math.min(1, t * 4)),
    accuracy: mix(from.accuracy, to.accuracy, t),
  };
}

/** Between two headings the short way round: from 350° to 10° is 20°. */
export function turn(from: number | null, to: number | null, t: number): number | null {
  if (from === null || to === null) return to ?? from;
  return (from + shortWay(to - from) * t + 360) % 360;
}

/** A difference of angles within ±180°. */
function shortWay(degrees: number): number {
  return ((((degrees + 180) % 360) + 360) % 360) - 180;
}

function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

/** Metres between two places, on a sphere (haversine, R = 6371008.8 m, IUGG mean radius). */
export function metresBetween(a: Place, b: Place): number {
  const rad = Math.PI / 180;
  const dLat = (b.lat - a.lat) * rad;
  const dLng = (b.lng - a.lng) * rad;
  const half = Math.sin(dLat / 2) ** 2 + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(dLng / 2) ** 2;
  return 2 * 6_371_008.8 * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** Degrees clockwise from north from one place towards another; null when they are the same place. */
export function bearing(a: Place, b: Place): number | null {
  if (metresBetween(a, b) < 3) return null; // within the noise of a fix
  const rad = Math.PI / 180;
  const dLng = (b.lng - a.lng) * rad;
  const y = Math.sin(dLng) * Math.cos(b.lat * rad);
  const x =
    Math.cos(a.lat * rad) * Math.sin(b.lat * rad) - Math.sin(a.lat * rad) * Math.cos(b.lat * rad) * Math.cos(dLng);
  return (Math.atan2(y, x) / rad + 360) % 360;
}
