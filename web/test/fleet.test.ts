import assert from "node:assert/strict";
import { test } from "node:test";
import { gather } from "../src/dispatch/fleet/clusters.ts";
import { layerOf } from "../src/dispatch/fleet/layers.ts";
import { oneJobOf, pick } from "../src/dispatch/fleet/pick.ts";
import { contactOf, Pros, type FleetPosition, type Pro } from "../src/dispatch/fleet/pros.ts";
import { clusterPlace, layOut, NOTHING, proPlace, type Facts, type Scene, type View } from "../src/dispatch/fleet/scene.ts";
import type { Card } from "../src/dispatch/card.ts";
import { bboxOf, mostOf, nearestCopy, worldOf, worldSize } from "../src/map/world.ts";

const NOON = Date.parse("2026-11-21T12:00:00.000Z");
const at = (seconds: number): string => new Date(NOON + seconds * 1_000).toISOString();
const position = (pro_id: string, more: Partial<FleetPosition> = {}): FleetPosition => {
  return { pro_id, name: pro_id, lat: 53.4, lng: -2.99, heading: null, recorded_at: at(0), contact: "live", job_id: null, ...more };
};
const card = (id: string, more: Partial<Card> = {}): Card => {
  return { id, status: "en_route", lat: 53.4, lng: -2.99, late: false, pro: null, ...more } as Card;
};
const only = <T>(values: Iterable<T>): T => {
  const [first, ...others] = values;
  assert.equal(others.length, 0);
  return first as T;
};

test("a place is where EPSG:3857 has it", () => {
  assert.deepEqual(worldOf({ lat: 0, lng: 0 }), { x: 0.5, y: 0.5 });
  assert.ok(Math.abs(worldOf({ lat: 85.0511287798066, lng: 180 }).y) < 1e-9);
  const liverpool = worldOf({ lat: 53.4084, lng: -2.9916 }); // PROJ: −333023.389, 7058901.067 metres
  assert.ok(Math.abs(liverpool.x - 0.491_69) < 1e-9);
  assert.ok(Math.abs(liverpool.y - 0.323_857_813_4) < 1e-9);
  assert.equal(worldSize(1), 512);
  assert.equal(nearestCopy(0.01, 0.99), 1.01);
});

test("what a map looks at is said in degrees that exist", () => {
  const box = (west: number, south: number, east: number, north: number): [number, number, number, number] =>
    bboxOf({ getWest: () => west, getSouth: () => south, getEast: () => east, getNorth: () => north });
  assert.deepEqual(box(-3, 53, -2, 54), [-3, 53, -2, 54]);
  assert.deepEqual(box(170, -20, 190, -10), [170, -20, -170, -10]);
  assert.deepEqual(box(-300, -95, 300, 95), [-180, -90, 180, 90]);
  assert.deepEqual(box(357, 53, 358, 54), [-3, 53, -2, 54]);
});

test("the outermost hundredth does not decide what everything is", () => {
  assert.equal(mostOf([]), null);
  assert.deepEqual(mostOf([{ lat: 1, lng: 2 }]), [1, 2, 1, 2]);
  const city = Array.from({ length: 198 }, (_, n) => ({ lat: 53 + n / 1_000, lng: -3 }));
  const [south, west] = mostOf([...city, { lat: 0, lng: 0 }, { lat: 80, lng: 9 }]) as number[];
  assert.ok((south as number) >= 53 && west === -3);
});

test("a pro glides from where it is seen to where it was said to be", () => {
  const pros = new Pros();
  pros.take({ positions: [position("pat")] }, 0, false);
  pros.take({ positions: [position("pat", { lat: 53.401, recorded_at: at(4) })] }, 1_000, false);
  const pat = only(pros.values());
  assert.equal(pat.duration_ms, 4_000);
  assert.equal(pat.heading, 0); // northwards
  const [from, to] = [worldOf({ lat: 53.4, lng: -2.99 }), worldOf({ lat: 53.401, lng: -2.99 })];
  assert.ok(Math.abs(proPlace(pat, 3_000).y - (from.y + to.y) / 2) < 1e-12);
  pros.take({ positions: [position("pat", { lat: 53.4, recorded_at: at(6) })] }, 3_000, true);
  assert.equal(proPlace(pat, 3_000).y, from.y); // less motion: it jumps
});

test("a pro who crosses the date line does not go around the world", () => {
  const pros = new Pros();
  pros.take({ positions: [position("pat", { lng: 179.999 })] }, 0, false);
  pros.take({ positions: [position("pat", { lng: -179.999, recorded_at: at(4) })] }, 1_000, false);
  const pat = only(pros.values());
  assert.ok(Math.abs(pat.fromX - pat.toX) < 0.001);
});

test("older words of a pro change nothing, and what is no place is not taken", () => {
  const pros = new Pros();
  pros.take({ positions: [position("pat", { recorded_at: at(9) })] }, 0, false);
  pros.take({ positions: [position("pat", { lat: 50, recorded_at: at(3) }), position("nan", { lat: Number.NaN })] }, 1, false);
  assert.equal(only(pros.values()).lat, 53.4);
});

test("an answer has everybody, except whom a tick has told of since it was asked for", () => {
  const pros = new Pros();
  pros.take({ positions: [position("old")] }, 100, false);
  pros.take({ positions: [position("new")] }, 300, false);
  pros.replace([position("pat")], 200, 400, false);
  assert.deepEqual([...pros.values()].map((pro) => pro.id).sort(), ["new", "pat"]);
  pros.take({ positions: [], gone: ["pat", "stranger"] }, 500, false);
  assert.deepEqual([...pros.values()].map((pro) => pro.id), ["new"]);
});

test("who is gone does not come back with an answer to an older question, and does with a newer word", () => {
  const pros = new Pros();
  pros.take({ positions: [position("pat")] }, 100, false);
  pros.take({ positions: [], gone: ["pat"] }, 300, false);
  pros.replace([position("pat")], 200, 400, false);
  assert.equal(pros.size, 0);
  pros.replace([position("pat")], 500, 600, false); // on duty again
  assert.equal(pros.size, 1);
  pros.take({ positions: [], gone: ["pat"] }, 700, false);
  pros.take({ positions: [position("pat")] }, 800, false);
  assert.equal(pros.size, 1);
});

test("a live signal that nobody has confirmed for minutes is not believed", () => {
  const pro = { contact: "live", recorded_ms: NOON } as Pro;
  assert.equal(contactOf(pro, NOON + 149_000), "live");
  assert.equal(contactOf(pro, NOON + 151_000), "delayed");
  assert.equal(contactOf({ ...pro, contact: "lost" }, NOON), "lost");
});

test("every job is in one layer, and one that is late in that of the late", () => {
  assert.equal(layerOf({ status: "open", late: false }), "open");
  assert.equal(layerOf({ status: "scheduled", late: false }), "planned");
  assert.equal(layerOf({ status: "arrived", late: true }), "late");
  assert.equal(layerOf({ status: "paid", late: false }), null);
});

test("a thousand spots are gathered once each, and groups do not lie on each other", () => {
  const spots = Array.from({ length: 1_000 }, (_, n) => ({ x: (n * 7_919) % 1_280, y: (n * 104_729) % 800 }));
  const groups = gather(spots, 76);
  assert.deepEqual(new Set(groups.flatMap((group) => group.members)), new Set(spots));
  assert.equal(groups.reduce((sum, group) => sum + group.members.length, 0), spots.length);
  for (const a of groups) {
    const near = groups.filter((b) => b !== a && Math.hypot(a.x - b.x, a.y - b.y) < 30);
    assert.equal(near.length, 0);
  }
});

test("panning changes no group", () => {
  const spots = Array.from({ length: 200 }, (_, n) => ({ x: 5_000 + ((n * 7_919) % 600), y: 5_000 + ((n * 104_729) % 600) }));
  const keys = (some: typeof spots): Set<string> => new Set(gather(some, 76).map((group) => group.key));
  assert.deepEqual(keys(spots), keys([...spots].reverse()));
});

/** A view of 1000 × 800 pixels with Liverpool in its middle. */
function viewAt(zoom: number): View {
  const size = worldSize(zoom);
  const middle = worldOf({ lat: 53.4, lng: -2.99 });
  return { size, left: middle.x * size - 500, top: middle.y * size - 400, width: 1_000, height: 800 };
}

function sceneOf(facts: Partial<Facts>, zoom: number, before: Scene = NOTHING): Scene {
  const all: Facts = { pros: [], cards: [], hidden: new Set(), except: { job_id: null, pro_id: null }, ...facts };
  return layOut(all, viewAt(zoom), zoom, 1_000, NOON, before, false);
}

function fleet(size: number, more: Partial<FleetPosition> = {}): Pro[] {
  const pros = new Pros();
  const positions = Array.from({ length: size }, (_, n) => position(`pro${n}`, { lat: 53.4 + (n % 20) * 0.0005, lng: -2.99 + Math.floor(n / 20) * 0.0008, ...more }));
  pros.take({ positions }, 0, false);
  return [...pros.values()];
}

test("pros far away are one, and stand alone where streets are told apart", () => {
  const pros = fleet(200);
  const far = sceneOf({ pros }, 10);
  assert.equal(far.pros.length, 0);
  assert.equal(far.clusters.reduce((sum, { members }) => sum + members.length, 0), 200);
  assert.equal(far.counts.live, 200);
  const near = sceneOf({ pros }, 16);
  assert.equal(near.clusters.length, 0);
  assert.ok(near.pros.length > 20 && near.pros.length < 200); // only what is in sight
});

test("a group knows the worst of its signals and its late jobs", () => {
  const pros = [...fleet(5), ...fleet(1, { pro_id: "gone", contact: "lost" })];
  const cards = [card("a"), card("b", { late: true })];
  const group = only(sceneOf({ pros, cards }, 10).clusters);
  assert.deepEqual(group.counts, { live: 5, delayed: 0, lost: 1, open: 0, planned: 0, moving: 1, late: 1 });
});

test("a group moves on from where it was a second ago", () => {
  const pros = fleet(10);
  const before = sceneOf({ pros }, 10);
  for (const pro of pros) pro.toX += 1e-6;
  const after = only(sceneOf({ pros }, 10, before).clusters);
  assert.deepEqual(clusterPlace(after, 1_000), clusterPlace(only(before.clusters), 1_000));
});

test("what is switched off is neither drawn nor counted; an open job and its pro are drawn by its panel", () => {
  const pros = fleet(2);
  const cards = [card("a"), card("b", { status: "open" })];
  const without = sceneOf({ pros, cards, hidden: new Set(["live", "open"]) }, 16);
  assert.deepEqual([without.pros.length, without.jobs.map((mark) => mark.card.id), without.counts.live], [0, ["a"], 0]);
  const open = sceneOf({ pros, cards, except: { job_id: "a", pro_id: "pro0" } }, 16);
  assert.deepEqual([open.pros.map((mark) => mark.pro.id), open.jobs.map((mark) => mark.card.id)], [["pro1"], ["b"]]);
  assert.equal(open.counts.live, 2);
});

test("a pointer finds what it is on, and everything that lies on top of each other there", () => {
  const pros = fleet(1, { job_id: "a" });
  const scene = sceneOf({ pros, cards: [card("a"), card("far", { lat: 53.405 })] }, 16);
  const picked = pick(scene, viewAt(16), 1_000, 505, 403);
  assert.ok(Array.isArray(picked));
  assert.deepEqual(picked.map((mark) => mark.kind).sort(), ["job", "pro"]);
  assert.equal(oneJobOf(picked), "a"); // the pro and the door of the pro's own job
  assert.equal(pick(scene, viewAt(16), 1_000, 560, 400), null);
  const group = sceneOf({ pros: fleet(8) }, 10);
  const under = pick(group, viewAt(10), 1_000, 500, 400);
  assert.ok(under !== null && !Array.isArray(under));
  assert.equal(under.members.length, 8);
});

test("things that lead to several jobs lead to none of them", () => {
  const marks = sceneOf({ cards: [card("a"), card("b", { lat: 53.4001 })] }, 17).jobs;
  assert.equal(marks.length, 2);
  assert.equal(oneJobOf(marks), null);
  const free = sceneOf({ pros: fleet(1) }, 16).pros;
  assert.equal(oneJobOf(free), null);
});
