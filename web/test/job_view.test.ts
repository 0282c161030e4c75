import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, viewAfter, viewOf } from "../src/lib/job_view.ts";
import type { LocationUpdate, Snapshot } from "../src/lib/wire.ts";

const T = Date.UTC(2026, 10, 20, 12);
const iso = (ms: number): string => new Date(ms).toISOString();

function dot(ms: number, version = 3): LocationUpdate {
  const eta = { seconds: 600, low: 500, high: 700, distance_m: 4_000, source: "geodesic" };
  return {
    ...{ job_id: "j", seq: ms, version, lat: 52, lng: -1.9, accuracy: 10, heading: 90, speed: 9 },
    ...{ recorded_at: iso(ms), eta, next_in_s: 5 },
  };
}

function snapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    job: {
      ...{ id: "j", status: "en_route", version: 3, service: "TV mounting", address: "1 High Street" },
      ...{ destination: { lat: 52.1, lng: -1.9 }, window_start: null, window_end: null, pro: { name: "Sam" } },
    },
    position: dot(T),
    contact: "live",
    last_seen: iso(T),
    eta: dot(T).eta,
    trail: [[52, -1.9, T]],
    version: 3,
    seq: T,
    ...changes,
  };
}

const view = viewOf(snapshot());

test("a newer dot moves, carries its estimate and lengthens the trail", () => {
  const { view: next, stale } = apply(view, "location_update", { ...dot(T + 5_000), lat: 52.01 });
  assert.equal(next.position?.lat, 52.01);
  assert.equal(next.last_seen_ms, T + 5_000);
  assert.equal(next.trail.length, 2);
  assert.equal(stale, false);
});

test("an older dot and the same dot again change nothing", () => {
  assert.equal(apply(view, "location_update", dot(T - 1)).view, view);
  assert.equal(apply(view, "location_update", dot(T)).view, view);
});

test("a dot that knows a later version tells of a missed status", () => {
  assert.equal(apply(view, "location_update", dot(T + 1, 4)).stale, true);
  assert.equal(apply(view, "location_update", dot(T - 1, 4)).stale, true);
});

test("a dot that makes no sense is not drawn", () => {
  assert.equal(apply(view, "location_update", { ...dot(T + 1), lat: Number.NaN }).view, view);
});

test("a status counts once, and asks for a snapshot", () => {
  const change = { job_id: "j", version: 4, status: "arrived", previous: "en_route", occurred_at: iso(T) };
  const { view: next, stale } = apply(view, "status_changed", change);
  assert.equal(next.job.status, "arrived");
  assert.equal(next.version, 4);
  assert.equal(stale, true);
  assert.equal(apply(next, "status_changed", change).view, next);
});

test("contact changes without a position", () => {
  const change = { job_id: "j", contact: "lost", last_seen: iso(T - 9_000) };
  const { view: next } = apply(view, "contact_changed", change);
  assert.equal(next.contact, "lost");
  assert.equal(next.last_seen_ms, T);
});

test("a dot after silence is live again", () => {
  const silent = apply(view, "contact_changed", { job_id: "j", contact: "lost", last_seen: null }).view;
  assert.equal(apply(silent, "location_update", dot(T + 1)).view.contact, "live");
});

test("events of other jobs, and events of no job, are not ours", () => {
  assert.equal(apply(view, "location_update", { ...dot(T + 1), job_id: "other" }).view, view);
  assert.equal(apply(view, "status_changed", null).view, view);
});

test("late points ask for the trail", () => {
  assert.equal(apply(view, "trail_changed", { job_id: "j" }).stale, true);
});

test("a fresh snapshot keeps the trail that is older than its own", () => {
  const long = viewOf(snapshot({ trail: [[52, -1.9, T - 20], [52, -1.9, T - 10], [52, -1.9, T]] }));
  const filled = snapshot({ trail: [[52, -1.9, T - 10], [52, -1.91, T - 5], [52, -1.9, T]] });
  assert.deepEqual(viewOf(filled, long).trail.map((point) => point[2] - T), [-20, -10, -5, 0]);
});

test("a dot that overtook the snapshot stays", () => {
  const ahead = apply(view, "location_update", dot(T + 5_000)).view;
  assert.equal(viewOf(snapshot(), ahead).seq, T + 5_000);
});

test("when the position may not be seen any more, dot and trail are gone", () => {
  const hidden = viewOf(snapshot({ position: null, trail: [], eta: null, contact: null, last_seen: null }), view);
  assert.equal(hidden.position, null);
  assert.equal(hidden.eta, null);
  assert.deepEqual(hidden.trail, []);
});

test("what was missed is applied when no snapshot comes with it", () => {
  const missed = [
    { event: "status_changed", data: { job_id: "j", version: 4, status: "arrived", previous: "en_route", occurred_at: iso(T) } },
  ];
  assert.equal(viewAfter({ ok: true, recovered: true, missed }, view)?.view.job.status, "arrived");
  assert.equal(viewAfter({ ok: true, recovered: true, missed }, null), null);
});
