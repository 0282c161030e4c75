import assert from "node:assert/strict";
import { test } from "node:test";
import { lateBy } from "../src/dispatch/board/lateness.ts";
import { bodyOf, dayOf, endedWanted, filterFrom, isSame, narrowed, narrowness, queryOf, testOf, toggled, type Filter } from "../src/dispatch/board/filter.ts";
import { counted, grouped } from "../src/dispatch/board/order.ts";
import { between, Selection } from "../src/dispatch/board/selection.ts";
import { pieces, suitedFor, type Candidate } from "../src/dispatch/board/suited.ts";
import type { Card } from "../src/dispatch/card.ts";

const NOON = Date.UTC(2026, 10, 20, 12); // a Friday
const HOUR = 3_600_000;
const at = (hours: number): string => new Date(NOON + hours * HOUR).toISOString();

let made = 0;
function card(changes: Partial<Card> = {}): Card {
  return {
    ...{ id: `job-${++made}`, version: 1, status: "accepted", service: "Mount a TV", reference: "A-17", customer_name: "Cleo Hart" },
    ...{ address: "12 Castle Street", lat: 53, lng: -3, window_start: null, window_end: null },
    ...{ pro: { id: "pat", name: "Pat Núñez" }, flags: null, lane: "BYO", order_stage: "NOT_NEEDED", order_required: false },
    ...{ money: { state: "held", cents: 12_000 }, created_at: at(-1), promised_arrival_at: null, late: false },
    ...changes,
  };
}

const fits = (filter: Filter, one: Card, zone = "UTC"): boolean => testOf(filter, NOON, zone)(one);

test("a search finds every word somewhere in service, customer, address or pro, whatever its accents", () => {
  assert.ok(fits({ search: "cleo castle" }, card()));
  assert.ok(fits({ search: "NUNEZ" }, card()));
  assert.ok(fits({ search: "a-17" }, card()));
  assert.ok(fits({ search: "  mount   tv " }, card()));
  assert.ok(!fits({ search: "cleo bold" }, card()));
  assert.ok(fits({ search: "(castle|.*" }, card({ address: "(castle|.*" }))); // no pattern of anybody's
});

test("each thing that is asked for must fit", () => {
  const critical = card({ flags: { open: 2, worst: "CRITICAL" }, status: "open", pro: null });
  for (const filter of [{ flags: "any" }, { flags: "critical" }, { unassigned: "true" }, { status: "open,pending" }, { lane: "BYO" }, { money: "held" }]) {
    assert.ok(fits(filter, critical), JSON.stringify(filter));
  }
  assert.ok(!fits({ flags: "critical", lane: "HYBRID" }, critical));
  assert.ok(!fits({ flags: "any" }, card()));
  assert.ok(fits({ late: "true" }, card({ late: true })));
  assert.ok(!fits({ late: "true" }, card()));
  assert.ok(!fits({ pro_id: "pat" }, critical));
  assert.ok(fits({ pro_id: "pat", service: "tv" }, card()));
});

test("a job's day is its window's, or the one it was ordered on", () => {
  const tomorrow = card({ window_start: at(24), window_end: at(26), created_at: at(-1) });
  assert.ok(fits({ from: "tomorrow", to: "tomorrow" }, tomorrow));
  assert.ok(!fits({ from: "today", to: "today" }, tomorrow));
  assert.ok(fits({ from: "today" }, tomorrow));
  assert.ok(fits({ from: "2026-11-21", to: "2026-11-21" }, tomorrow));
  assert.ok(fits({ from: "today", to: "today" }, card()));
  assert.equal(dayOf(NOON, "Pacific/Auckland"), "2026-11-21"); // where the company is, not where the device is
  assert.ok(fits({ to: "today" }, tomorrow, "America/Los_Angeles") === false);
  assert.ok(fits({ from: "tomorrow" }, tomorrow, "America/Los_Angeles"));
});

test("a job is late when its window has ended, or its promise is past by five minutes, and nobody is there", () => {
  const missed = { window_start: at(-3), window_end: at(-1) };
  assert.equal(lateBy(card(missed), NOON), HOUR);
  assert.equal(lateBy(card({ ...missed, status: "arrived" }), NOON), 0);
  assert.equal(lateBy(card({ window_start: at(-1), window_end: at(1) }), NOON), 0);
  assert.equal(lateBy(card({ status: "en_route", promised_arrival_at: at(-0.05) }), NOON), 0);
  assert.equal(lateBy(card({ status: "en_route", promised_arrival_at: at(-0.5) }), NOON), HOUR / 2);
  assert.equal(lateBy(card({ status: "accepted", promised_arrival_at: at(-0.5) }), NOON), 0); // it was turned back
});

test("ended jobs are asked for when their status is chosen, or when somebody searches without choosing one", () => {
  assert.deepEqual(endedWanted({}), []);
  assert.deepEqual(endedWanted({ status: "open,paid" }), ["paid"]);
  assert.deepEqual(endedWanted({ search: "hart" }), ["completed", "paid", "cancelled"]);
  assert.deepEqual(endedWanted({ search: "hart", status: "open" }), []);
  assert.equal(queryOf({ search: "hart", status: "open,paid" }, ["paid"]).toString(), "search=hart&status=paid");
});

test("a filter is the same whoever says it, and says nothing that it does not mean", () => {
  const said = new Map([["status", "open"], ["unknown", "x"], ["search", ""]]);
  assert.deepEqual(filterFrom((key) => said.get(key)), { status: "open" });
  assert.ok(isSame(narrowed({ status: "open" }, "search", "tv"), { search: "tv", status: "open" }));
  assert.deepEqual(narrowed({ status: "open" }, "status", ""), {});
  assert.deepEqual(toggled({ status: "open" }, "paid"), { status: "open,paid" });
  assert.deepEqual(toggled({ status: "open" }, "open"), {});
  assert.equal(narrowness({ search: "tv", sort: "newest", from: "today", to: "today", flags: "any" }), 2);
});

test("a saved view keeps texts as texts, and only what is a yes or no as that", () => {
  assert.deepEqual(bodyOf({ search: "true", service: "true", late: "true", unassigned: "true" }), { search: "true", service: "true", late: true, unassigned: true });
});

test("jobs stand under their status, late ones first, then by when somebody is expected", () => {
  const soon = card({ window_start: at(1), window_end: at(2) });
  const later = card({ window_start: at(3), window_end: at(4) });
  const missed = card({ window_start: at(-19), window_end: at(-18), late: true });
  const open = card({ status: "open" });
  const moving = card({ status: "en_route" });
  const groups = grouped([open, later, missed, soon, moving], undefined);
  assert.deepEqual(groups.map(({ status }) => status), ["en_route", "accepted", "open"]);
  assert.deepEqual(groups[1]?.cards, [missed, soon, later]);
  assert.deepEqual(grouped([open, later, missed, soon], "window")[0]?.cards, [missed, soon, later, open]);
  const [first, second] = [card({ created_at: at(-2) }), card({ created_at: at(-1) })];
  assert.deepEqual(grouped([first, second], "newest"), [{ status: null, cards: [second, first] }]);
  assert.deepEqual(grouped([], "newest"), []);
  assert.equal(counted([soon, later, open]).get("accepted"), 2);
});

test("a stretch is chosen from the last one to this, either way, and what is not shown is not chosen", () => {
  const order = ["a", "b", "c", "d"];
  const selection = new Selection();
  selection.set("c", true);
  selection.stretch("a", true, order);
  assert.deepEqual([...selection.ids].sort(), ["a", "b", "c"]);
  selection.stretch("b", false, order);
  assert.deepEqual(selection.ids, ["c"]);
  selection.keep(new Set(["a", "d"]));
  assert.equal(selection.size, 0);
  selection.stretch("d", true, order); // where the stretch began is gone
  assert.deepEqual(selection.ids, ["d"]);
  assert.deepEqual(between(order, "x", "b"), ["b"]);
});

test("who could take the most of several jobs comes first; on duty, free and near among equals", () => {
  const pro = (id: string, more: Partial<Candidate> = {}): Candidate => {
    return { id, name: id, on_duty: true, distance_m: 1_000, active_jobs: 0, conflicts: 0, ...more };
  };
  const both = suitedFor([
    [pro("far", { distance_m: 9_000 }), pro("near"), pro("one", { distance_m: 1 }), pro("off", { on_duty: false })],
    [pro("near", { distance_m: 3_000 }), pro("far", { distance_m: 9_000 }), pro("off", { on_duty: false }), pro("busy"), pro("unseen", { distance_m: null })],
  ]);
  assert.deepEqual(both.map(({ id }) => id), ["near", "far", "off", "one", "busy", "unseen"]);
  assert.equal(both[0]?.distance_m, 2_000);
  assert.equal(both[0]?.jobs, 2);
  assert.deepEqual(suitedFor([]), []);
  assert.deepEqual(pieces([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]]);
});
