import assert from "node:assert/strict";
import { test } from "node:test";
import { signalOf, type SignalFacts } from "../src/lib/contact.ts";

const NOW = 1_800_000_000_000;
const fine: SignalFacts = {
  online: true,
  connected: true,
  visible: true,
  contact: "live",
  last_seen_ms: NOW - 2_000,
  next_in_s: 5,
  now_ms: NOW,
};

test("a fresh dot that the server calls live is live", () => {
  assert.equal(signalOf(fine), "live");
});

test("this device's own trouble comes before anything about the pro", () => {
  assert.equal(signalOf({ ...fine, online: false, connected: false, contact: "lost" }), "offline");
  assert.equal(signalOf({ ...fine, connected: false, contact: "lost" }), "unreachable");
});

test("the server's word is believed when it is worse than ours", () => {
  assert.equal(signalOf({ ...fine, contact: "delayed" }), "delayed");
  assert.equal(signalOf({ ...fine, contact: "lost" }), "lost");
});

test("a live that nobody has confirmed for three intervals is shown as delayed", () => {
  assert.equal(signalOf({ ...fine, last_seen_ms: NOW - 44_000 }), "live");
  assert.equal(signalOf({ ...fine, last_seen_ms: NOW - 46_000 }), "delayed");
  assert.equal(signalOf({ ...fine, last_seen_ms: NOW - 80_000, next_in_s: 30 }), "live");
  assert.equal(signalOf({ ...fine, last_seen_ms: NOW - 91_000, next_in_s: 30 }), "delayed");
});

test("nothing is said about a pro who may not be seen, or has not been seen yet", () => {
  assert.equal(signalOf({ ...fine, visible: false }), "none");
  assert.equal(signalOf({ ...fine, last_seen_ms: null }), "none");
  assert.equal(signalOf({ ...fine, last_seen_ms: null, contact: null }), "none");
  assert.equal(signalOf({ ...fine, last_seen_ms: null, contact: "lost" }), "lost");
});
