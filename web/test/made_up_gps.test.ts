import assert from "node:assert/strict";
import { test } from "node:test";
import type { Place } from "../src/lib/wire.ts";
import type { GpsPosition } from "../src/pro/gps.ts";
import { fixAt, MadeUpGps, type MadeUpDrive, type MadeUpFix } from "../src/pro/made_up_gps.ts";

const fix = (lat: number, speed = 10): MadeUpFix => ({ lat, lng: 0, accuracy: 5, speed, heading: speed > 0 ? 0 : null });
const drive: MadeUpDrive = { every_s: 2, fixes: [fix(1), fix(2), fix(3, 0)] };
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a drive is where it is due, and stays at its end", () => {
  assert.equal(fixAt(drive, 0)?.lat, 1);
  assert.equal(fixAt(drive, 1_999)?.lat, 1);
  assert.equal(fixAt(drive, 2_000)?.lat, 2);
  assert.equal(fixAt(drive, 60_000)?.lat, 3);
  assert.equal(fixAt(drive, -5)?.lat, 1); // the clock was set back
  assert.equal(fixAt({ every_s: 1, fixes: [] }, 0), null);
});

test("it is driven once per goal, from where it is, and stays where its goal is taken away", async (context) => {
  context.mock.timers.enable({ apis: ["setInterval", "Date"] });
  const asked: [Place | null, Place | null][] = [];
  const gps = new MadeUpGps((from, to) => {
    asked.push([from, to]);
    return Promise.resolve(drive);
  });
  const read: number[] = [];
  const id = gps.watchPosition(({ coords }: GpsPosition) => read.push(coords.latitude));
  assert.deepEqual(read, []); // nobody knows yet
  const door = { lat: 3, lng: 0 };
  gps.headFor(door);
  await settled();
  gps.headFor(door);
  await settled();
  assert.deepEqual(asked, [[null, door]]);
  for (let second = 1; second <= 3; second += 1) context.mock.timers.tick(1_000);
  assert.deepEqual(read, [1, 1, 2, 2]);
  gps.headFor(null);
  context.mock.timers.tick(10_000);
  assert.equal(read.at(-1), 2);
  assert.equal(asked.length, 1);
  gps.headFor({ lat: 9, lng: 0 });
  await settled();
  assert.deepEqual(asked[1]?.[0]?.lat, 2);
  gps.clearWatch(id);
});

test("a server that does not answer is asked again after a while", async (context) => {
  context.mock.timers.enable({ apis: ["setInterval", "Date"] });
  let asked = 0;
  const gps = new MadeUpGps(() => {
    asked += 1;
    return asked === 1 ? Promise.reject(new Error("no network")) : Promise.resolve(drive);
  });
  const read: number[] = [];
  const id = gps.watchPosition(({ coords }: GpsPosition) => read.push(coords.latitude));
  gps.headFor(null);
  await settled();
  gps.headFor(null);
  await settled();
  assert.equal(asked, 1);
  context.mock.timers.tick(3_000);
  gps.headFor(null);
  await settled();
  assert.deepEqual([asked, read], [2, [1]]);
  gps.clearWatch(id);
});
