import assert from "node:assert/strict";
import { test } from "node:test";
import { clockOffset } from "../src/lib/clock.ts";
import { linkOf, rootOf } from "../src/lib/root.ts";

test("the root is found wherever the app is mounted", () => {
  assert.equal(rootOf("/track/abc"), "/");
  assert.equal(rootOf("/live/app/track/abc"), "/live/app/");
  assert.equal(rootOf("/pro"), "/");
  assert.equal(rootOf("/live/dispatch"), "/live/");
  assert.equal(rootOf("/live/pro.html"), "/live/");
  assert.equal(rootOf("/live/something"), "/live/");
});

test("the link is the last part of the address", () => {
  assert.equal(linkOf("/x/track/a-b_c"), "a-b_c");
  assert.equal(linkOf("/track/a%2Fb"), "a/b");
  assert.equal(linkOf("/track/%zz"), "%zz");
  assert.equal(linkOf("/track/"), "");
});

test("a device clock that is wrong is corrected, a small difference is not", () => {
  const began = Date.UTC(2026, 10, 20, 12, 0, 0);
  const header = (ms: number): string => new Date(ms).toUTCString();
  assert.equal(clockOffset(header(began), began, began + 100), 0);
  assert.equal(clockOffset(header(began - 3_600_000), began, began + 1_000), -3_600_000);
  assert.equal(clockOffset(null, began, began), 0);
  assert.equal(clockOffset("nonsense", began, began), 0);
});
