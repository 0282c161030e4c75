import assert from "node:assert/strict";
import { test } from "node:test";
import { labelledDays, place, scaleFor, stepFor } from "../src/charts/scale.ts";
import { bandAt, bands, linePath, lonePoints, stacked } from "../src/charts/shapes.ts";

test("an axis begins at zero, ends above the highest value, and has round ticks", () => {
  assert.deepEqual(scaleFor([3, 97], "number"), { low: 0, high: 100, ticks: [0, 50, 100] });
  assert.deepEqual(scaleFor([0.1, 0.7], "number").ticks, [0, 0.2, 0.4, 0.6, 0.8]);
  assert.deepEqual(scaleFor([1234], "number").ticks, [0, 500, 1000, 1500]);
});

test("what is counted has no half ticks", () => {
  assert.deepEqual(scaleFor([1], "whole").ticks, [0, 1]);
  assert.deepEqual(scaleFor([3, 2], "whole").ticks, [0, 1, 2, 3]);
  assert.deepEqual(scaleFor([9], "whole").ticks, [0, 5, 10]);
});

test("minutes are divided as clocks are", () => {
  assert.equal(stepFor(50, "minutes"), 15);
  assert.equal(stepFor(200, "minutes"), 60);
  assert.equal(stepFor(8 * 60, "minutes"), 120);
  assert.deepEqual(scaleFor([4, -6], "minutes").ticks, [-10, -5, 0, 5]);
  assert.equal(stepFor(100 * 1440, "minutes"), 50_000); // beyond days they are a number like any other
});

test("nothing at all, and nothing but zeros, still have an axis", () => {
  assert.deepEqual(scaleFor([], "whole").ticks, [0, 1]);
  assert.deepEqual(scaleFor([0, 0], "whole").ticks, [0, 1]);
  for (const kind of ["number", "minutes"] as const) {
    const { low, high, ticks } = scaleFor([0], kind);
    assert.ok(low === 0 && high > 0 && ticks.length === 2, kind);
  }
});

test("only losses hang below a zero that is there", () => {
  assert.deepEqual(scaleFor([-40, -10], "number").ticks, [-40, -30, -20, -10, 0]);
  assert.deepEqual(scaleFor([-13, 27], "number").ticks, [-20, -10, 0, 10, 20, 30]);
});

test("shares and stars have an end of their own", () => {
  assert.deepEqual(scaleFor([0.2], "share").ticks, [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(scaleFor([4.5], "stars").ticks, [1, 2, 3, 4, 5]);
});

test("any axis holds its values, has at least two ticks and no more than a handful", () => {
  for (const kind of ["number", "whole", "minutes"] as const) {
    for (const size of [1e-3, 0.5, 1, 7, 33, 999, 1001, 86_400, 12_345_678]) {
      for (const values of [[size], [-size], [size, -size / 3]]) {
        const { low, high, ticks } = scaleFor(values, kind);
        assert.ok(low <= Math.min(...values) + 1e-9 && high >= Math.max(...values) - 1e-9, `${kind} ${values.join()}`);
        assert.ok(ticks.length >= 2 && ticks.length <= 7, `${kind} ${values.join()}: ${ticks.join()}`);
        assert.ok(ticks.includes(0), `${kind} ${values.join()} has its zero`);
      }
    }
  }
});

test("a value stands between the ends as far as it is", () => {
  const scale = scaleFor([100], "number");
  assert.equal(place(0, scale, 200, 0), 200);
  assert.equal(place(100, scale, 200, 0), 0);
  assert.equal(place(25, scale, 200, 0), 150);
});

test("days are labelled so that labels do not touch, and the newest day always", () => {
  assert.deepEqual(labelledDays(7, 700, 60), [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(labelledDays(30, 600, 60), [1, 8, 15, 22, 29]);
  assert.deepEqual(labelledDays(0, 600, 60), []);
  assert.deepEqual(labelledDays(366, 10, 60), [365]);
  for (const count of [1, 2, 6, 7, 31, 90, 365, 366]) {
    for (const width of [40, 300, 520, 1100]) {
      const days = labelledDays(count, width, 60);
      assert.equal(days.at(-1), count - 1);
      assert.ok(days.length === 1 || days.length * 60 <= width, `${count} days on ${width} px`);
    }
  }
});

test("a column is found under every point of it, and the nearest outside", () => {
  const columns = bands(10, 40, 240);
  assert.deepEqual(columns[3], { x: 100, middle: 110, width: 20 });
  for (const [index, { x, width }] of columns.entries()) {
    assert.equal(bandAt(x + 0.01, 10, 40, 240), index);
    assert.equal(bandAt(x + width - 0.01, 10, 40, 240), index);
  }
  assert.equal(bandAt(-5, 10, 40, 240), 0);
  assert.equal(bandAt(999, 10, 40, 240), 9);
});

test("bars are piled up, and losses hang from zero", () => {
  assert.deepEqual(stacked([[3, -2, null], [4, -1, 5]]), [
    [{ from: 0, to: 3 }, { from: 0, to: -2 }, { from: 0, to: 0 }],
    [{ from: 3, to: 7 }, { from: -2, to: -3 }, { from: 0, to: 5 }],
  ]);
});

test("a line is broken where nothing is known, and a day alone is a dot", () => {
  const at = (x: number): { x: number; y: number } => ({ x, y: x });
  assert.equal(linePath([at(0), at(1), null, at(3), null, at(5), at(6)]), "M0.0 0.0L1.0 1.0M3.0 3.0M5.0 5.0L6.0 6.0");
  assert.deepEqual(lonePoints([at(0), at(1), null, at(3), null, at(5), at(6)]), [at(3)]);
  assert.deepEqual(lonePoints([at(0)]), [at(0)]);
});
