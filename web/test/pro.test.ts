import assert from "node:assert/strict";
import { test } from "node:test";
import { nextStep } from "../src/lib/job.ts";
import { subjectOf } from "../src/lib/token.ts";
import { isDue, policyFrom, readingOf, type Heartbeat, type Reading } from "../src/pro/fix.ts";
import { Queue, type Keeper } from "../src/pro/queue.ts";

const T = 1_800_000_000_000;
const policy = { interval_s: 10, min_displacement_m: 20 };
const at = (ms: number, lat = 52): Reading => ({ lat, lng: 0, accuracy: 5, heading: null, speed: null, recorded_at: T + ms });

test("the first reading is sent at once", () => {
  assert.equal(isDue(at(0), null, policy), true);
});

test("a phone that moves sends when it has moved far enough, at most once a second", () => {
  assert.equal(isDue(at(3_000, 52.0001), at(0), policy), false); // 11 m
  assert.equal(isDue(at(3_000, 52.0002), at(0), policy), true); // 22 m
  assert.equal(isDue(at(400, 52.01), at(0), policy), false);
});

test("a parked phone says once in every interval that it is still there", () => {
  assert.equal(isDue(at(9_000), at(0), policy), false);
  assert.equal(isDue(at(9_800), at(0), policy), true);
});

test("what a device does not know is null", () => {
  const coords = { latitude: 1, longitude: 2, accuracy: 3, heading: Number.NaN, speed: -1 };
  const reading = readingOf({ coords, timestamp: T + 0.6 } as unknown as GeolocationPosition);
  assert.deepEqual(reading, { lat: 1, lng: 2, accuracy: 3, heading: null, speed: null, recorded_at: T + 1 });
});

test("a policy that makes no sense leaves the one before", () => {
  assert.deepEqual(policyFrom({ interval_s: "x", min_displacement_m: 5 }, policy), { interval_s: 10, min_displacement_m: 5 });
  assert.deepEqual(policyFrom(null, policy), policy);
  assert.equal(policyFrom({ interval_s: 0 }, policy).interval_s, 0.5);
});

class Memory implements Keeper {
  kept: Heartbeat[] = [];
  all(): Promise<Heartbeat[]> {
    return Promise.resolve(this.kept);
  }
  put(heartbeat: Heartbeat): Promise<boolean> {
    this.kept.push(heartbeat);
    return Promise.resolve(true);
  }
  remove(heartbeats: readonly Heartbeat[]): Promise<boolean> {
    this.kept = this.kept.filter((each) => !heartbeats.some((gone) => gone.session === each.session && gone.seq === each.seq));
    return Promise.resolve(true);
  }
}

const beat = (seq: number, session = "now"): Heartbeat => ({ ...at(seq * 1_000), seq, session, battery: null });

test("what waits is sent oldest first and forgotten when the server has answered", async () => {
  const keeper = new Memory();
  const queue = new Queue(keeper);
  [1, 2, 3].forEach((seq) => queue.add(beat(seq)));
  const first = queue.batch(new Set(), 2);
  assert.deepEqual(first.map((each) => each.seq), [1, 2]);
  queue.settle(first);
  await new Promise(setImmediate);
  assert.equal(queue.length, 1);
  assert.deepEqual(keeper.kept.map((each) => each.seq), [3]);
});

test("what is on its way is not sent a second time", () => {
  const queue = new Queue(new Memory());
  const going = beat(1);
  queue.add(going);
  queue.add(beat(2));
  assert.deepEqual(queue.batch(new Set([going])).map((each) => each.seq), [2]);
});

test("a reload brings back what an earlier page could not send, before our own", async () => {
  const keeper = new Memory();
  keeper.kept = [beat(8, "before"), beat(7, "before")];
  const queue = new Queue(keeper);
  queue.add(beat(9));
  await queue.restore();
  assert.deepEqual(queue.batch(new Set()).map((each) => each.seq), [7, 8, 9]);
  assert.equal(queue.oldest_ms, T + 7_000);
});

test("a full queue lets the oldest go and counts them", () => {
  const queue = new Queue(new Memory(), 2);
  [1, 2, 3].forEach((seq) => queue.add(beat(seq)));
  assert.deepEqual(queue.batch(new Set()).map((each) => each.seq), [2, 3]);
  assert.equal(queue.dropped, 1);
});

test("a phone that cannot store positions says so", async () => {
  const keeper = new Memory();
  keeper.put = () => Promise.resolve(false);
  const queue = new Queue(keeper);
  queue.add(beat(1));
  await new Promise(setImmediate);
  assert.equal(queue.durable, false);
});

test("the big button is the step onward, if the caller may take it", () => {
  assert.equal(nextStep({ status: "accepted", allowed: ["scheduled", "en_route", "in_progress", "open", "cancelled"] }), "en_route");
  assert.equal(nextStep({ status: "in_progress", allowed: ["completed", "cancelled"] }), "completed");
  assert.equal(nextStep({ status: "en_route", allowed: ["cancelled"] }), null);
  assert.equal(nextStep({ status: "completed", allowed: ["paid"] }), null);
});

test("a token tells whose waiting data it is, and a broken one is nobody's", () => {
  const token = `x.${Buffer.from('{"sub":"pro-7"}').toString("base64url")}.y`;
  assert.equal(subjectOf(token), "pro-7");
  assert.equal(subjectOf("nonsense"), "nobody");
});
