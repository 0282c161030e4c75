import assert from "node:assert/strict";
import { test } from "node:test";
import { changesOf, merge, same } from "../src/dispatch/job/merge.ts";

const BASE = { wall: "UNKNOWN", wires: "UNKNOWN", items: [{ name: "TV", quantity: 1 }] };

test("only what was changed is sent", () => {
  assert.deepEqual(changesOf(BASE, BASE), {});
  assert.deepEqual(changesOf(BASE, { ...BASE, wall: "BRICK" }), { wall: "BRICK" });
  assert.deepEqual(changesOf(BASE, { ...BASE, items: [{ name: "TV", quantity: 2 }] }), { items: [{ name: "TV", quantity: 2 }] });
});

test("what somebody else changed elsewhere is taken over, and mine is kept", () => {
  const merged = merge(BASE, { ...BASE, wall: "BRICK" }, { ...BASE, wires: "FULL_INWALL" });
  assert.deepEqual(merged, { values: { ...BASE, wall: "BRICK", wires: "FULL_INWALL" }, theirs: ["wires"], clashes: [] });
});

test("what both changed to something else is a clash, and mine stays until somebody chooses", () => {
  const merged = merge(BASE, { ...BASE, wall: "BRICK" }, { ...BASE, wall: "TILE" });
  assert.deepEqual(merged.clashes, ["wall"]);
  assert.equal(merged.values["wall"], "BRICK");
});

test("the same change by both is no clash", () => {
  const both = { ...BASE, wall: "BRICK" };
  assert.deepEqual(merge(BASE, both, both), { values: both, theirs: [], clashes: [] });
});

test("a field that the server no longer has is emptied, unless I changed it", () => {
  assert.equal(merge({ note: "a" }, { note: "a" }, { note: null }).values["note"], null);
  assert.deepEqual(merge({ note: "a" }, { note: "b" }, { note: null }).clashes, ["note"]);
});

test("values are compared by what they hold", () => {
  assert.ok(same([{ a: 1 }], [{ a: 1 }]));
  assert.ok(!same(null, ""));
});
