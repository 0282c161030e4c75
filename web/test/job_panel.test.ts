import assert from "node:assert/strict";
import { test } from "node:test";
import { doubt, judge, type Candidate } from "../src/dispatch/job/candidates.ts";
import type { Item, JobDetail, JobEvent, NextStep } from "../src/dispatch/job/detail.ts";
import { linesOf } from "../src/dispatch/job/event_lines.ts";
import { itemFacts, itemLine, plainItem, unknowns } from "../src/dispatch/job/items.ts";
import { isOnward, offerOf } from "../src/dispatch/job/next_steps.ts";

const TV: Item = { kind: "tv", name: "Frame", quantity: 2, mount_type: "tilt", tv_size_in: 65, customer_provides: false };
const detail = (flags: object[] = []): JobDetail => ({ pain_flags: flags, job: { status: "arrived" } }) as unknown as JobDetail;
const step = (status: string, guards: string[] = []): NextStep =>
  ({ status, guards, unmet: guards.map((guard) => `the server says ${guard}`), waivable: true }) as NextStep;

test("each step offers what it needs: a person, a time, a reason, or nothing", () => {
  assert.deepEqual(offerOf(step("accepted", ["no_pro"]), detail()), { kind: "assign" });
  assert.deepEqual(offerOf(step("accepted"), detail()), { kind: "go" }); // turned back: the pro stays
  assert.deepEqual(offerOf(step("scheduled", ["no_window"]), detail()), { kind: "schedule" });
  assert.deepEqual(offerOf(step("scheduled"), detail()), { kind: "schedule" });
  assert.deepEqual(offerOf(step("cancelled"), detail()), { kind: "cancel" });
});

test("a refused step says why before it is tried, and names the flags that are in the way", () => {
  const equipment = offerOf(step("in_progress", ["not_delivered"]), detail());
  assert.deepEqual(equipment, { kind: "refused", guards: ["not_delivered"], reasons: ["The ordered equipment has not been delivered."], waivable: true });
  const flags = [
    { type: "SCOPE_MISMATCH", severity: "CRITICAL", resolved_at: null },
    { type: "WALL_TYPE_UNKNOWN", severity: "MEDIUM", resolved_at: null },
  ];
  const refused = offerOf(step("completed", ["critical_flags"]), detail(flags));
  assert.ok(refused.kind === "refused");
  assert.deepEqual(refused.reasons, ["Critical and not resolved: “Scope does not fit”."]);
  const unheard = offerOf(step("completed", ["a_new_guard"]), detail());
  assert.ok(unheard.kind === "refused");
  assert.deepEqual(unheard.reasons, ["the server says a_new_guard"]);
});

test("the usual next step is the main one unless it is refused", () => {
  assert.ok(isOnward(step("in_progress"), "arrived"));
  assert.ok(!isOnward(step("in_progress", ["not_delivered"]), "arrived"));
  assert.ok(!isOnward(step("cancelled"), "arrived"));
});

test("an item says what nobody has asked yet", () => {
  assert.equal(itemLine(TV), "2 × Frame, 65 in, mount: Tilting");
  const vague = { ...TV, name: "", mount_type: null, tv_size_in: null };
  assert.deepEqual(itemFacts(vague).map((fact) => fact.known), [false, false]);
  assert.equal(unknowns("UNKNOWN", "BRICK", [vague]), 3);
  assert.equal(unknowns("NONE", "BRICK", [{ ...vague, customer_provides: true }]), 0); // nothing of it is ordered
  assert.equal(itemLine({ ...vague, customer_provides: true }), "2 × TV, customer has the mount");
  assert.deepEqual(itemFacts({ ...vague, kind: "camera" }), []);
});

test("two items can be compared, however they were written", () => {
  const { kind, ...rest } = TV;
  assert.equal(JSON.stringify(plainItem({ ...rest, kind })), JSON.stringify(plainItem(TV)));
  assert.deepEqual(plainItem({ ...TV, kind: "camera" }), { kind: "camera", name: "Frame", quantity: 2, mount_type: null, tv_size_in: null, customer_provides: false });
});

const PAT: Candidate = {
  id: "pat", name: "Pat", on_duty: true, distance_m: 1200, lat: 1, lng: 2, seen_at: "2026-11-21T08:58:00Z", active_jobs: 0, conflicts: 0, rating: 4.8, rating_count: 12,
};

test("a pro is told in facts, and what speaks against them stands out", () => {
  const now = Date.parse("2026-11-21T09:00:00Z");
  const against = (pro: Candidate): string[] => judge(pro, now).filter((fact) => fact.against).map((fact) => fact.text);
  assert.equal(judge(PAT, now)[1]?.text, "seen 2 min ago");
  assert.deepEqual(against(PAT), []);
  assert.deepEqual(against({ ...PAT, on_duty: false, conflicts: 2 }), ["off duty", "busy at that time: 2 jobs overlap"]);
  assert.equal(judge({ ...PAT, distance_m: null }, now)[0]?.text, "not seen today");
});

test("nobody is asked about a pro against whom nothing speaks", () => {
  assert.equal(doubt(PAT, null), null);
  assert.equal(doubt(PAT, { id: "pat", name: "Pat" }), null);
  assert.equal(doubt(PAT, { id: "quinn", name: "Quinn" }), "Quinn has this job. Give it to Pat instead? Both are told.");
  assert.match(doubt({ ...PAT, conflicts: 1 }, { id: "quinn", name: "Quinn" }) ?? "", /Quinn has this job.*Pat is busy/);
});

const event = (kind: string, data: Record<string, unknown>): JobEvent =>
  ({ version: 2, kind, from_status: null, to_status: null, actor_id: "dee", actor_role: "dispatcher", occurred_at: "2026-11-21T09:00:00Z", data });
const lines = (kind: string, data: Record<string, unknown>): string[] => linesOf(event(kind, data), (id) => id.toUpperCase(), "USD");

test("an override is told with its reason and with what it overrode", () => {
  assert.deepEqual(lines("status", { override_reason: "the customer has one", overridden: ["x"], guards: ["not_delivered"] }), [
    "Went ahead all the same: the customer has one",
    "Refused before: The ordered equipment has not been delivered.",
  ]);
});

test("an edit is told field by field, in words", () => {
  assert.deepEqual(
    lines("install_details", {
      before: { wall_type: "UNKNOWN", special_constraints: [], items: [], mounting_surface_notes: null },
      after: { wall_type: "BRICK", special_constraints: ["PETS"], items: [{ name: "Frame", mount_type: "tilt", tv_size_in: 65 }], mounting_surface_notes: "<b>old</b>" },
      flags_resolved: ["WALL_TYPE_UNKNOWN"],
    }),
    [
      "Wall: Unknown → Brick",
      "Special about the home: nothing → Pets",
      "To install: nothing → 1 × Frame, 65 in, mount: Tilting",
      "About the wall: nothing → “<b>old</b>”",
      "Flags no longer so: Wall type unknown",
    ],
  );
});

test("money, pros and times are told as people say them; numbers of rows are not", () => {
  assert.deepEqual(lines("price_changed", { from_cents: 12000, to_cents: 15050, reason: "more wall" }), ["Price: $120.00 → $150.50", "Reason: more wall"]);
  assert.deepEqual(lines("status", { pro_id: "quinn", previous_pro_id: "pat" }), ["Now with QUINN", "Taken from PAT"]);
  assert.deepEqual(lines("captured", { payment: 7, purpose: "hold", provider: "sandbox", tip_cents: 0, amount_cents: 12000 }), ["Purpose: Hold · Amount: $120.00"]);
});
