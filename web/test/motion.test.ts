import assert from "node:assert/strict";
import { test } from "node:test";
import { bearing, glideTime, metresBetween, poseAt, turn, type Pose } from "../src/lib/motion.ts";

const here: Pose = { lat: 52, lng: -1.9, heading: 350, accuracy: 10 };
const there: Pose = { lat: 52.001, lng: -1.898, heading: 10, accuracy: 30 };

test("the dot starts where it is and ends where it should be", () => {
  const glide = { from: here, to: there, began_ms: 1_000, duration_ms: 2_000 };
  assert.deepEqual(poseAt(glide, 500), { ...here, heading: 350 });
  assert.deepEqual(poseAt(glide, 3_000), there);
  assert.deepEqual(poseAt(glide, 9_000), there);
  const half = poseAt(glide, 2_000);
  assert.ok(Math.abs(half.lat - 52.0005) < 1e-9);
  assert.ok(Math.abs(half.accuracy - 20) < 1e-9);
});

test("a glide of no time is a jump", () => {
  assert.deepEqual(poseAt({ from: here, to: there, began_ms: 0, duration_ms: 0 }, 0), there);
});

test("a heading turns the short way round", () => {
  assert.equal(turn(350, 10, 0.5), 0);
  assert.equal(turn(10, 350, 0.5), 0);
  assert.equal(turn(null, 90, 0.2), 90);
  assert.equal(turn(90, null, 0.2), 90);
  assert.equal(turn(null, null, 0.2), null);
});

test("the dot crosses the date line the short way", () => {
  const glide = {
    from: { ...here, lng: 179.9 },
    to: { ...there, lng: -179.9 },
    began_ms: 0,
    duration_ms: 100,
  };
  assert.ok(Math.abs(poseAt(glide, 50).lng - 180) < 1e-9);
});

test("a glide lasts until the next fix is expected, within reason", () => {
  assert.equal(glideTime(2, 2_000, 30), 2_000);
  assert.equal(glideTime(60, 60_000, 30), 10_000);
  assert.equal(glideTime(0.01, 10, 1), 250);
  assert.equal(glideTime(null, 1_000, 10), 1_000);
});

test("after a gap or a leap the dot hurries instead of replaying old time", () => {
  assert.equal(glideTime(2, 30_000, 200), 800);
  assert.equal(glideTime(2, 2_000, 5_000), 800);
});

test("a degree of latitude is about 111 km, and bearings are from north", () => {
  const metres = metresBetween({ lat: 52, lng: 0 }, { lat: 53, lng: 0 });
  assert.ok(Math.abs(metres - 111_195) < 10);
  assert.equal(Math.round(bearing({ lat: 0, lng: 0 }, { lat: 0, lng: 1 }) ?? -1), 90);
  assert.equal(bearing({ lat: 1, lng: 1 }, { lat: 1, lng: 1 }), null);
});
