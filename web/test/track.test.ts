import assert from "node:assert/strict";
import { test } from "node:test";
import { centsOf, MOST_CENTS, offeredTips } from "../src/track/after/tip_rules.ts";

test("tips are offered as shares of the price, in whole units", () => {
  assert.deepEqual(offeredTips(12_000), [
    { cents: 1_200, percent: 10 },
    { cents: 1_800, percent: 15 },
    { cents: 2_400, percent: 20 },
  ]);
  assert.deepEqual(offeredTips(8_950).map(({ cents }) => cents), [900, 1_300, 1_800]);
});

test("of a price that is next to nothing, or very high, no share is offered", () => {
  for (const price_cents of [0, 100, 1_000, 100_000_000]) {
    const offered = offeredTips(price_cents);
    assert.deepEqual(offered.map(({ percent }) => percent), [null, null, null]);
    assert.ok(offered.every(({ cents }) => cents > 0 && cents <= MOST_CENTS));
  }
});

test("an amount is read as people write it", () => {
  assert.equal(centsOf("12"), 1_200);
  assert.equal(centsOf(" 12.5 "), 1_250);
  assert.equal(centsOf("12,50"), 1_250);
  assert.equal(centsOf("0.01"), 1);
  assert.equal(centsOf("1000"), MOST_CENTS);
});

test("what is no amount that may be given is none", () => {
  for (const typed of ["", "0", "0,00", "1000.01", "-5", "1e3", "5.", "1.234", "12 €", "٣", "1,000.00", "NaN", "99999999"]) {
    assert.equal(centsOf(typed), null, typed);
  }
});
