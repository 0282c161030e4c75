import assert from "node:assert/strict";
import { test } from "node:test";
import { daysOfPeriod } from "../src/dispatch/views/months.ts";
import { agreedIn, byPro, outcomesOf, periodOf, planOf, retriesIn, stateOf, sumOf, totals } from "../src/dispatch/views/payout_rules.ts";
import type { DuePro, Line } from "../src/dispatch/views/payouts_wire.ts";

const NONE = { lines: 0, cents: 0 };

function line(id: number, more: Partial<Line> = {}): Line {
  const usual: Line = {
    id,
    pro_id: "pat",
    pro_name: "Pat Mason",
    job_id: "j",
    service: "Mount a TV",
    reference: null,
    kind: "job",
    amount_cents: 7_200,
    status: "pending",
    held_for: null,
    problem: null,
    approved_by: null,
    transfer: null,
    created_at: "2026-11-21T10:00:00Z",
    paid_at: null,
  };
  return { ...usual, ...more };
}

function pro(pro_id: string, cents: number, outcome: DuePro["outcome"], more: Partial<DuePro> = {}): DuePro {
  const due = { lines: cents === 0 ? 0 : 1, cents };
  return { pro_id, name: pro_id, has_account: outcome !== "no_account", outcome, pending: NONE, due, sending: NONE, failed: NONE, held: NONE, waiting: NONE, ...more };
}

test("lines stand by pro, by name, in the order they came, with their sum", () => {
  const groups = byPro([line(9, { pro_id: "z", pro_name: "Ann" }), line(8), line(7, { amount_cents: -200 })]);
  assert.deepEqual(groups.map(({ name, cents, lines }) => [name, cents, lines.map(({ id }) => id)]), [
    ["Ann", 7_200, [9]],
    ["Pat Mason", 7_000, [8, 7]],
  ]);
  assert.equal(sumOf([]), 0);
});

test("two pros of one name are two", () => {
  assert.equal(byPro([line(1), line(2, { pro_id: "other" })]).length, 2);
});

test("a line says what it waits for, the worst first", () => {
  assert.equal(stateOf(line(1)), "pending");
  assert.equal(stateOf(line(1, { held_for: "dispute du_1" })), "held");
  assert.equal(stateOf(line(1, { status: "approved", transfer: 4 })), "sending");
  assert.equal(stateOf(line(1, { status: "failed", transfer: 4, held_for: "dispute du_1" })), "failed");
  assert.equal(stateOf(line(1, { status: "paid", transfer: 4 })), "paid");
});

test("a refused transfer has one button, however many lines it had", () => {
  const failed = { status: "failed", transfer: 4 } as const;
  assert.deepEqual([...retriesIn([line(5, failed), line(4, failed), line(3, { status: "failed", transfer: 2 }), line(2)])], [5, 3]);
});

test("a run pays whom the server would pay, and agrees to no other sum", () => {
  const plan = planOf([pro("a", 700, "transfer"), pro("b", 900, "no_account"), pro("c", -50, "carried_over"), pro("d", 0, null), pro("e", 300, "transfer")]);
  assert.equal(plan.cents, 1_000);
  assert.deepEqual(plan.unpaid.map(({ pro_id }) => pro_id), ["b", "c"]);
  assert.deepEqual(agreedIn(plan), [{ pro_id: "a", amount_cents: 700 }, { pro_id: "e", amount_cents: 300 }]);
});

test("whom a run does not name had nothing due any more, and a changed sum is the new one", () => {
  const plan = planOf([pro("a", 700, "transfer"), pro("b", 900, "transfer"), pro("c", 300, "transfer")]);
  const answer = { pros: [{ pro_id: "a", outcome: "transfer", amount_cents: 700, transfer: 1 }, { pro_id: "b", outcome: "changed", amount_cents: 950, transfer: null }] } as const;
  assert.deepEqual(outcomesOf(plan, { pros: [...answer.pros] }), [
    { name: "a", outcome: "transfer", cents: 700 },
    { name: "b", outcome: "changed", cents: 950 },
    { name: "c", outcome: "gone", cents: 300 },
  ]);
});

test("the heaps of all pros add up", () => {
  const sums = totals([pro("a", 700, "transfer", { pending: { lines: 2, cents: 50 } }), pro("b", 900, "transfer")]);
  assert.deepEqual([sums.due, sums.pending, sums.failed], [{ lines: 2, cents: 1_600 }, { lines: 2, cents: 50 }, NONE]);
});

test("a period ends when its last day does, whatever the clock does that night", () => {
  assert.deepEqual(periodOf("", ""), {});
  const { from, to } = periodOf("2026-03-29", "2026-03-29");
  assert.equal(new Date(from ?? "").getDate(), 29);
  assert.equal(new Date(to ?? "").getDate(), 30);
  assert.equal(new Date(to ?? "").getHours(), 0);
});

test("months begin on their first day and end on their last, over the turn of the year", () => {
  const january = new Date(2026, 0, 5);
  assert.deepEqual(daysOfPeriod("thisMonth", january), { first: "2026-01-01", last: "2026-01-05" });
  assert.deepEqual(daysOfPeriod("lastMonth", january), { first: "2025-12-01", last: "2025-12-31" });
  assert.deepEqual(daysOfPeriod("quarter", january), { first: "2025-11-01", last: "2026-01-05" });
  assert.deepEqual(daysOfPeriod("lastMonth", new Date(2028, 2, 31)), { first: "2028-02-01", last: "2028-02-29" });
  assert.deepEqual(daysOfPeriod("year", new Date(2028, 1, 29)), { first: "2027-03-01", last: "2028-02-29" });
});
