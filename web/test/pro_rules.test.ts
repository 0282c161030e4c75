import assert from "node:assert/strict";
import { test } from "node:test";
import type { Job } from "../src/lib/job.ts";
import { bytesOf } from "../src/lib/push.ts";
import { tokenIn } from "../src/lib/token.ts";
import type { Status } from "../src/lib/wire.ts";
import type { Errand } from "../src/pro/errands.ts";
import { navigationTo } from "../src/pro/navigation.ts";
import { troublesOf, type PhoneFacts } from "../src/pro/phone_rules.ts";
import { fitted, takenAt } from "../src/pro/photo.ts";
import { inOrder, isOffTheList, withTaps } from "../src/pro/step_rules.ts";
import { MAX_POINTS, Strokes } from "../src/pro/strokes.ts";
import { english } from "../src/pro/words_en.ts";
import { spanish } from "../src/pro/words_es.ts";

const T = 1_800_000_000_000;
const job = (id: string, status: Status, window_start: string | null = null): Job =>
  ({ id, status, window_start, allowed: ["en_route", "open"], version: 1 }) as unknown as Job;
const tap = (job_id: string, to: Status): Errand => ({ kind: "step", key: to, number: 1, job_id, service: "", to, at_ms: T, spot: null });

test("a job is shown as its pro left it: with the taps that wait, and the next step alone", () => {
  const shown = withTaps(job("a", "accepted"), [tap("b", "completed"), tap("a", "en_route"), tap("a", "arrived")]);
  assert.deepEqual([shown.status, shown.allowed], ["arrived", ["in_progress"]]);
  assert.deepEqual(withTaps(job("a", "accepted"), []), job("a", "accepted"));
  assert.equal(isOffTheList(withTaps(job("a", "accepted"), [tap("a", "open")])), true);
  assert.equal(isOffTheList(withTaps(job("a", "in_progress"), [tap("a", "completed")])), true);
});

test("what is under way comes first, then by the agreed time, those without one last", () => {
  const jobs = [job("late", "scheduled", "2026-11-21T15:00:00Z"), job("any", "accepted"), job("early", "scheduled", "2026-11-21T09:00:00Z"), job("now", "arrived")];
  assert.deepEqual(inOrder(jobs).map(({ id }) => id), ["now", "early", "late", "any"]);
});

test("the way is handed over in the words of the device", () => {
  const place = { lat: 53.4, lng: -2.99 };
  assert.equal(navigationTo(place, "Mozilla/5.0 (Linux; Android 15)", 5), "geo:53.4,-2.99?q=53.4,-2.99");
  assert.match(navigationTo(place, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0)", 5), /^https:\/\/maps\.apple\.com\/\?daddr=53\.4,-2\.99/);
  assert.match(navigationTo(place, "Mozilla/5.0 (Macintosh; Intel Mac OS X)", 5), /maps\.apple/); // an iPad
  assert.match(navigationTo(place, "Mozilla/5.0 (Macintosh; Intel Mac OS X)", 0), /openstreetmap/);
});

test("only what stands in the way is said, the gravest first", () => {
  const fine: PhoneFacts = { sharing: true, durable: true, clock_error_ms: 90_000, screen_refused: false, asleep_ms: 30_000, battery: 0.4, charging: false };
  assert.deepEqual(troublesOf(fine), []);
  const bad = { ...fine, durable: false, clock_error_ms: -3_600_000, screen_refused: true, asleep_ms: 61_000, battery: 0.1 };
  assert.deepEqual(troublesOf(bad), ["storage", "clock", "background", "screen", "battery"]);
  assert.deepEqual(troublesOf({ ...bad, sharing: false, charging: true }), ["storage", "clock", "background"]);
});

test("a photo is made no larger than the server keeps, and never larger than it is", () => {
  assert.deepEqual(fitted(8_000, 6_000, 2_560), { width: 2_560, height: 1_920 });
  assert.deepEqual(fitted(640, 480, 2_560), { width: 640, height: 480 });
  assert.deepEqual(fitted(10_000, 2, 2_560), { width: 2_560, height: 1 });
});

test("a photo is as old as its file says, unless that cannot be", () => {
  assert.equal(takenAt(T - 60_000, T), T - 60_000);
  assert.equal(takenAt(T + 60_000, T), T);
  assert.equal(takenAt(0, T), T);
});

test("a signature stays on its canvas, leaves out the tremble, and has an end", () => {
  const strokes = new Strokes(300, 150);
  strokes.begin(10, 10);
  assert.equal(strokes.go(10.5, 10), null);
  assert.deepEqual(strokes.go(400, -20), [[10, 10], [300, 0]]);
  assert.equal(strokes.isSignature, false);
  for (let n = 0; n < 2 * MAX_POINTS; n++) strokes.go((n * 7) % 300, 75);
  assert.equal(strokes.strokes.flat().length, MAX_POINTS);
  assert.equal(strokes.isSignature, true);
  strokes.clear();
  assert.deepEqual(strokes.strokes, []);
});

test("a sign-in link is read wherever it comes from", () => {
  assert.equal(tokenIn("https://x.example/pro#token=a.b-c_d.e"), "a.b-c_d.e");
  assert.equal(tokenIn("#token=t&x=1"), "t");
  assert.equal(tokenIn("https://x.example/pro"), null);
  assert.equal(tokenIn("#token="), null);
});

test("a push key is base64url", () => {
  assert.deepEqual([...bytesOf("-_8")], [251, 255]);
});

/** Every path of a catalogue; functions and texts are its leaves. */
function leaves(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [`${path}:${typeof value}`];
  return Object.entries(value).flatMap(([key, each]) => leaves(each, `${path}.${key}`));
}

test("both languages have every sentence, and none is empty", () => {
  assert.deepEqual(leaves(spanish).sort(), leaves(english).sort());
  const empty = (words: object): string[] => leaves(words).filter((leaf) => leaf.endsWith(":string") && textAt(words, leaf) === "");
  assert.deepEqual([empty(english), empty(spanish)], [[".sharing.on.more:string"], [".sharing.on.more:string"]]);
});

function textAt(words: object, leaf: string): unknown {
  const path = leaf.slice(1, leaf.lastIndexOf(":")).split(".");
  return path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], words);
}
