import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpProblem, type Http } from "../src/lib/http.ts";
import { Carrier, type CarrierHandlers } from "../src/pro/carrier.ts";
import { meaningOf } from "../src/pro/carry_out.ts";
import { Errands, type Errand, type ErrandKeeper, type NewErrand } from "../src/pro/errands.ts";
import type { Status } from "../src/lib/wire.ts";

const T = 1_800_000_000_000;

class Memory implements ErrandKeeper {
  kept = new Map<string, Errand>();
  full = false;
  all(): Promise<Errand[]> {
    return Promise.resolve([...this.kept.values()]);
  }
  put(errand: Errand): Promise<boolean> {
    if (!this.full) this.kept.set(errand.key, errand);
    return Promise.resolve(!this.full);
  }
  remove({ key }: Errand): Promise<boolean> {
    this.kept.delete(key);
    return Promise.resolve(true);
  }
}

const step = (key: string, to: Status, job_id = "j"): NewErrand => ({ kind: "step", key, job_id, service: "TV", to, at_ms: T, spot: null });
const photo = (key: string): NewErrand => {
  return { kind: "photo", key, job_id: "j", service: "TV", shows: "before", at_ms: T, spot: null, bytes: new ArrayBuffer(1), media_type: "image/jpeg", thumb: "" };
};
const problem = (status: number, code: string, facts: Record<string, unknown> = {}): HttpProblem => new HttpProblem(status, code, code, facts, null);

/** A server that answers what it is told to, and remembers what it was asked. */
class Server {
  readonly asked: [path: string, body: Record<string, unknown>][] = [];
  answers: (HttpProblem | { version: number })[] = [];
  get http(): Http {
    const answer = (path: string, body: unknown): Promise<unknown> => {
      this.asked.push([path, body as Record<string, unknown>]);
      const next = this.answers.shift() ?? { version: this.asked.length };
      return next instanceof HttpProblem ? Promise.reject(next) : Promise.resolve(next);
    };
    return { post: answer, upload: answer } as unknown as Http;
  }
}

function carrying(errands: Errands, server: Server): { carrier: Carrier; heard: string[] } {
  const heard: string[] = [];
  const handlers: CarrierHandlers = {
    done: ({ key }) => heard.push(`done ${key}`),
    refused: ({ key }, { code }, others) => heard.push(`refused ${key} ${code} +${others}`),
    signedOut: () => heard.push("signed out"),
    changed: () => undefined,
  };
  return { carrier: new Carrier(errands, server.http, (_lane, work) => work(), handlers), heard };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

test("taps go out one after the other, in the order they were made, with their own times", async () => {
  const keeper = new Memory();
  const errands = new Errands(keeper);
  for (const [key, to] of [["a", "en_route"], ["b", "arrived"], ["c", "in_progress"]] as const) await errands.add(step(key, to));
  const server = new Server();
  const { carrier, heard } = carrying(errands, server);
  carrier.hurry();
  carrier.hurry(); // a second reason to hurry sends nothing twice
  await settled();
  assert.deepEqual(server.asked.map(([, { status, occurred_at }]) => [status, occurred_at]), [["en_route", T], ["arrived", T], ["in_progress", T]]);
  assert.deepEqual(heard, ["done a", "done b", "done c"]);
  assert.deepEqual([errands.all, keeper.kept.size], [[], 0]);
});

test("a server that does not answer is asked again with the same, before anything that follows", async () => {
  const errands = new Errands(new Memory());
  await errands.add(step("a", "en_route"));
  await errands.add(step("b", "arrived"));
  const server = new Server();
  server.answers = [problem(0, "no_answer")];
  const { carrier, heard } = carrying(errands, server);
  carrier.hurry();
  await settled();
  assert.deepEqual([server.asked.length, errands.all.length, heard], [1, 2, []]);
  carrier.hurry(); // the network is back
  await settled();
  assert.deepEqual(server.asked.map(([, { status }]) => status), ["en_route", "en_route", "arrived"]);
});

test("a slow photo keeps no tap waiting", async () => {
  const errands = new Errands(new Memory());
  await errands.add(photo("p"));
  await errands.add(step("a", "arrived"));
  const server = new Server();
  server.answers = [{ version: 1 }, problem(503, "store_unavailable")];
  const { carrier, heard } = carrying(errands, server);
  carrier.hurry();
  await settled();
  assert.deepEqual(heard, ["done a"]);
  assert.deepEqual(errands.all.map(({ key }) => key), ["p"]);
});

test("a step that is refused takes the later taps of its job with it, and no other job's", async () => {
  const errands = new Errands(new Memory());
  await errands.add(step("a", "in_progress"));
  await errands.add(step("b", "completed"));
  await errands.add(step("c", "en_route", "another"));
  const server = new Server();
  server.answers = [problem(409, "guard_refused")];
  const { carrier, heard } = carrying(errands, server);
  carrier.hurry();
  await settled();
  assert.deepEqual(heard, ["refused a guard_refused +1", "done c"]);
});

test("a time that the server does not believe is left out in the end; the tap still counts", async () => {
  const errands = new Errands(new Memory());
  await errands.add(step("a", "arrived"));
  const server = new Server();
  const unbelieved = problem(422, "invalid", { field: "occurred_at" });
  server.answers = [unbelieved, unbelieved];
  const { carrier, heard } = carrying(errands, server);
  carrier.hurry();
  await settled();
  assert.deepEqual(server.asked.map(([, body]) => "occurred_at" in body), [true, true, false]);
  assert.deepEqual(heard, ["done a"]);
});

test("when the token is not taken, everything waits for the next one", async () => {
  const keeper = new Memory();
  const errands = new Errands(keeper);
  await errands.add(step("a", "arrived"));
  const server = new Server();
  server.answers = [problem(401, "unauthorized")];
  const { carrier, heard } = carrying(errands, server);
  carrier.hurry();
  await settled();
  carrier.hurry();
  await settled();
  assert.deepEqual([heard, server.asked.length, keeper.kept.size], [["signed out"], 1, 1]);
});

test("a retried step whose first try had counted is done, one that dispatch went past too", () => {
  const tap: Errand = { ...step("a", "arrived"), number: 1 } as Errand;
  const refused = (current: string): HttpProblem => problem(409, "transition_refused", { current });
  assert.equal(meaningOf(tap, refused("in_progress")), "done");
  assert.equal(meaningOf(tap, refused("cancelled")), "refused");
  assert.equal(meaningOf({ ...tap, to: "accepted" } as Errand, refused("arrived")), "refused"); // turned back, but too late
  assert.equal(meaningOf(tap, problem(429, "busy")), "later");
  assert.equal(meaningOf({ ...photo("p"), number: 1 } as Errand, problem(409, "evidence_removed")), "done");
});

test("what another tab has sent is not sent again; what only memory has is", async () => {
  const keeper = new Memory();
  const errands = new Errands(keeper);
  await errands.add(step("a", "en_route"));
  keeper.full = true;
  await errands.add(step("b", "arrived"));
  assert.equal(errands.durable, false);
  keeper.kept.clear(); // the other tab
  await errands.restore();
  assert.deepEqual(errands.all.map(({ key }) => key), ["b"]);
});

test("what was answered while it was being stored does not come back after a reload", async () => {
  const keeper = new Memory();
  const errands = new Errands(keeper);
  const added = errands.add(step("a", "arrived"));
  const [errand] = errands.all;
  assert.ok(errand);
  await Promise.all([errands.settle(errand), added]);
  assert.equal(keeper.kept.size, 0);
});
