import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { JobView } from "../src/lib/job_view.ts";
import { LastKnown } from "../src/track/last_known.ts";

const WEEK_MS = 7 * 24 * 3_600_000;
/** As a browser's storage: its keys are those of the object. */
class Device {
  getItem(key: string): string | null {
    return Object.hasOwn(this, key) ? ((this as unknown as Record<string, string>)[key] ?? null) : null;
  }
  setItem(key: string, value: string): void {
    Object.assign(this, { [key]: value });
  }
  removeItem(key: string): void {
    Reflect.deleteProperty(this, key);
  }
}

const view = { job: { id: "j", address: "1 Some Street" }, trail: [[53, -3, 1]] } as unknown as JobView;
let device = new Device();

beforeEach(() => {
  device = new Device();
  Object.assign(globalThis, { localStorage: device });
});

/** A page of this link was open so long ago. */
function openedBefore(link: string, age_ms: number): void {
  new LastKnown(link).keepVisit(view);
  const key = Object.keys(device).find((each) => each.endsWith(link)) ?? "";
  const kept = JSON.parse(device.getItem(key) ?? "{}") as object;
  device.setItem(key, JSON.stringify({ ...kept, at_ms: Date.now() - age_ms }));
}

test("what was last known of a visit is there when its page is opened again, without the trail", () => {
  openedBefore("own", WEEK_MS - 60_000);
  const known = new LastKnown("own").read();
  assert.equal(known?.view.job.address, "1 Some Street");
  assert.deepEqual(known?.view.trail, []);
});

test("after a week nothing is left of it, also when it is this page that is opened", () => {
  openedBefore("own", WEEK_MS + 60_000);
  assert.equal(new LastKnown("own").read(), null);
  assert.deepEqual(Object.keys(device), []);
});

test("any visit's page forgets the old ones and those that cannot be read, and nothing else", () => {
  openedBefore("fresh", 60_000);
  openedBefore("old", WEEK_MS + 60_000);
  device.setItem("another.page", "its own");
  device.setItem("tracker.visit.broken", "{");
  assert.equal(new LastKnown("own").read(), null);
  assert.deepEqual(Object.keys(device).sort(), ["another.page", "tracker.visit.fresh"]);
});
