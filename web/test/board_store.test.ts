import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { BoardStore, type Changed } from "../src/dispatch/board_store.ts";
import type { BoardPage, Card } from "../src/dispatch/card.ts";
import { HttpProblem, type Http } from "../src/lib/http.ts";
import type { Status } from "../src/lib/wire.ts";

const card = (id: string, version: number, status: Status = "open"): Card => ({
  ...{ id, version, status, service: "Mount a TV", reference: null, customer_name: "Cleo", address: "1 High Street" },
  ...{ lat: 53, lng: -3, window_start: null, window_end: null, pro: null, flags: null, lane: "BYO", order_stage: "NOT_NEEDED" },
  ...{ order_required: false, money: { state: "none", cents: 0 }, created_at: "2026-11-20T12:00:00.000Z" },
  ...{ promised_arrival_at: null, late: false },
});
const page = (cards: Card[], next: string | null = null): BoardPage => ({ cards, next, time_zone: "Europe/Madrid", currency: "EUR" });

/** A store whose server answers when the test says so, and a clock that stands still otherwise. */
class Desk {
  readonly asked: URLSearchParams[] = [];
  readonly told: Changed[] = [];
  readonly troubles: HttpProblem[] = [];
  readonly store: BoardStore;
  private readonly answers: { give: (page: BoardPage) => void; refuse: (problem: HttpProblem) => void }[] = [];

  constructor() {
    mock.timers.enable({ apis: ["setTimeout"] });
    const get = (path: string): Promise<BoardPage> => {
      this.asked.push(new URLSearchParams(path.slice(path.indexOf("?"))));
      return new Promise((give, refuse) => this.answers.push({ give, refuse }));
    };
    this.store = new BoardStore({ get } as unknown as Http, (problem) => this.troubles.push(problem));
    this.store.on((changed) => this.told.push(changed));
  }

  async after(ms: number): Promise<void> {
    mock.timers.tick(ms);
    await settled();
  }

  async answer(...pages: BoardPage[]): Promise<void> {
    for (const one of pages) {
      this.answers.shift()?.give(one);
      await settled();
    }
  }

  async refuse(problem: HttpProblem): Promise<void> {
    this.answers.shift()?.refuse(problem);
    await settled();
  }

  versions(): Record<string, number> {
    return Object.fromEntries([...this.store.cards.values()].map(({ id, version }) => [id, version]));
  }

  static async run(work: (desk: Desk) => Promise<void>): Promise<void> {
    try {
      await work(new Desk());
    } finally {
      mock.timers.reset();
    }
  }
}

/** Lets every promise that can go on do so. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("everything is read page by page, and told once", () =>
  Desk.run(async (desk) => {
    desk.store.refresh();
    await desk.after(0);
    await desk.answer(page([card("a", 1)], "more"), page([card("b", 1)]));
    assert.equal(desk.asked[1]?.get("cursor"), "more");
    assert.deepEqual(desk.versions(), { a: 1, b: 1 });
    assert.deepEqual(desk.told, [null]);
    assert.equal(desk.store.time_zone, "Europe/Madrid");
    assert.equal(desk.store.currency, "EUR");
  }));

test("a burst of changes is one question; a job that ended leaves, and what is as it was is not told", () =>
  Desk.run(async (desk) => {
    desk.store.refresh();
    await desk.after(0);
    await desk.answer(page([card("a", 1), card("b", 1), card("c", 1)]));
    desk.store.take({ jobs: ["a"] });
    desk.store.take({ jobs: ["b", "c", "a"] });
    await desk.after(150);
    assert.equal(desk.asked.at(-1)?.get("ids"), "a,b,c");
    await desk.answer(page([card("a", 2), card("b", 2, "completed"), card("c", 1)]));
    assert.deepEqual(desk.versions(), { a: 2, c: 1 });
    assert.deepEqual(desk.told.at(-1), new Set(["a", "b"]));
  }));

test("what is heard while an answer is on its way is read after it", () =>
  Desk.run(async (desk) => {
    desk.store.refresh();
    await desk.after(0);
    desk.store.take({ jobs: ["a"] }); // the answer below was made before this
    await desk.answer(page([card("a", 1)]));
    await desk.after(150);
    assert.equal(desk.asked.at(-1)?.get("ids"), "a");
    await desk.answer(page([card("a", 2)]));
    assert.deepEqual(desk.versions(), { a: 2 });
    assert.equal(desk.asked.length, 2);
  }));

test("when more changed than can be told, all is read again, and only what differs is told", () =>
  Desk.run(async (desk) => {
    desk.store.refresh();
    await desk.after(0);
    await desk.answer(page([card("a", 1), card("b", 1), card("gone", 1)]));
    desk.store.take({ jobs: null });
    await desk.after(0);
    assert.equal(desk.asked.at(-1)?.get("ids"), null);
    await desk.answer(page([card("a", 1), card("b", 2), card("new", 1)]));
    assert.deepEqual(desk.versions(), { a: 1, b: 2, new: 1 });
    assert.deepEqual(desk.told.at(-1), new Set(["gone", "b", "new"]));
    assert.equal(desk.store.whole, 2); // so that who keeps more than active jobs reads that again as well
  }));

test("a question without an answer is said, and asked again as everything", () =>
  Desk.run(async (desk) => {
    desk.store.take({ jobs: ["a"] });
    await desk.after(150);
    await desk.refuse(new HttpProblem(503, "unavailable", "Not just now.", {}, 2));
    assert.equal(desk.troubles.length, 1);
    await desk.after(1_999);
    assert.equal(desk.asked.length, 1);
    await desk.after(1);
    assert.equal(desk.asked.at(-1)?.get("ids"), null);
    await desk.answer(page([card("a", 3)]));
    assert.deepEqual(desk.versions(), { a: 3 });
  }));

test("as time passes a job becomes late, once", () =>
  Desk.run(async (desk) => {
    const end = Date.UTC(2026, 10, 20, 14);
    desk.store.refresh();
    await desk.after(0);
    await desk.answer(page([{ ...card("a", 1), window_end: new Date(end).toISOString() }]));
    desk.store.pass(end);
    assert.deepEqual(desk.told.at(-1), new Set());
    desk.store.pass(end + 1);
    assert.deepEqual(desk.told.at(-1), new Set(["a"]));
    assert.equal(desk.store.cards.get("a")?.late, true);
    desk.store.pass(end + 60_000);
    assert.deepEqual(desk.told.at(-1), new Set());
  }));
