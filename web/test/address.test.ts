import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, saidIn } from "../src/dispatch/address.ts";
import { withoutToken } from "../src/lib/token.ts";

test("a fragment says where one is, and a change keeps what else it says", () => {
  const job = changed("", { job: "7c" });
  assert.equal(job, "#job=7c");
  assert.equal(changed(job, { page: "payouts" }), "#job=7c&page=payouts");
  assert.equal(changed("#job=7c&page=payouts", { page: null }), "#job=7c");
  assert.equal(changed("#page=payouts", { page: null }), "#");
});

test("what a fragment does not say is nothing, and so is an empty word", () => {
  assert.equal(saidIn("#page=outbox&view=Late%20today", "view"), "Late today");
  assert.equal(saidIn("#page=", "page"), null);
  assert.equal(saidIn("", "job"), null);
});

test("signing in takes the token out of the address and leaves where the link leads", () => {
  assert.equal(withoutToken("#token=a.b.c&page=payouts"), "#page=payouts");
  assert.equal(withoutToken("#token=a.b.c"), "");
});
