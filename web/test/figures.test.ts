import assert from "node:assert/strict";
import { test } from "node:test";
import { ofAmount, ofAverage, ofShare } from "../src/dispatch/views/comparison.ts";
import { dayAfter, daysIn, daysUpTo, isRange, rangeBefore } from "../src/dispatch/views/day_range.ts";

test("days follow each other over months, years and changes of the clock", () => {
  assert.equal(dayAfter("2026-03-28", 1), "2026-03-29"); // the night of 23 hours
  assert.equal(dayAfter("2026-10-25", 1), "2026-10-26"); // the one of 25
  assert.equal(dayAfter("2028-02-28", 1), "2028-02-29");
  assert.equal(dayAfter("2026-01-01", -1), "2025-12-31");
});

test("a range has both its ends, and the one before it as many days", () => {
  const week = daysUpTo("2026-11-21", 7);
  assert.deepEqual(week, { first: "2026-11-15", last: "2026-11-21" });
  assert.equal(daysIn(week), 7);
  assert.deepEqual(rangeBefore(week), { first: "2026-11-08", last: "2026-11-14" });
  assert.deepEqual(rangeBefore({ first: "2026-11-21", last: "2026-11-21" }), { first: "2026-11-20", last: "2026-11-20" });
});

test("a range that the server would refuse is none", () => {
  assert.equal(isRange({ first: "2026-11-21", last: "2026-11-21" }), true);
  assert.equal(isRange(daysUpTo("2026-11-21", 366)), true);
  assert.equal(isRange(daysUpTo("2026-11-21", 367)), false);
  assert.equal(isRange({ first: "2026-11-22", last: "2026-11-21" }), false);
  assert.equal(isRange({ first: "", last: "2026-11-21" }), false);
});

test("amounts differ by a part of what was, and not from nothing", () => {
  assert.deepEqual(ofAmount(150, 100), { direction: "more", size: 0.5 });
  assert.deepEqual(ofAmount(75, 100), { direction: "less", size: 0.25 });
  assert.deepEqual(ofAmount(1000.1, 1000), { direction: "same", size: 0 });
  assert.equal(ofAmount(5, 0), null);
  assert.equal(ofAmount(5, -20), null);
  assert.equal(ofAmount(null, 100), null);
});

test("shares differ by points, averages by themselves", () => {
  assert.deepEqual(ofShare(0.9, 0.5), { direction: "more", size: 40 });
  assert.deepEqual(ofShare(0.5, 0.501), { direction: "same", size: 0 });
  assert.equal(ofShare(0.5, null), null);
  assert.deepEqual(ofAverage(4, 4.5), { direction: "less", size: 0.5 });
});
