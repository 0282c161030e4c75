import assert from "node:assert/strict";
import { test } from "node:test";
import { worded, words } from "../src/dispatch/words.ts";

test("a value that the page knows has its own words", () => {
  assert.equal(worded(words.money.state, "partly_refunded"), "Partly given back");
  assert.equal(worded(words.flags.severity, "CRITICAL"), "Critical");
});

test("a value that a newer server says is shown plainly", () => {
  assert.equal(worded(words.timeline.kind, "dispute_opened"), "Dispute opened");
  assert.equal(worded(words.money.state, "ON_HOLD"), "On hold");
});

test("no value reaches into the language itself", () => {
  assert.equal(worded(words.money.state, "constructor"), "Constructor");
  assert.equal(worded(words.money.state, "__proto__"), "  proto  ");
  assert.equal(worded(words.money.state, ""), "");
});
