import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { EndedJobs } from "../src/dispatch/board/ended.ts";
import type { BoardPage, Card } from "../src/dispatch/card.ts";
import { HttpProblem, type Http } from "../src/lib/http.ts";

/** A server with so many ended jobs, which takes no larger pages than the real one. */
class Server {
  readonly asked: URLSearchParams[] = [];
  readonly troubles: HttpProblem[] = [];
  readonly jobs: EndedJobs;
  problem: HttpProblem | null = null;
  private readonly cards: Card[];

  constructor(many: number) {
    this.cards = Array.from({ length: many }, (_, number) => ({ id: String(number) }) as Card);
    const get = (path: string): Promise<BoardPage> => this.answer(new URLSearchParams(path.slice(path.indexOf("?"))));
    this.jobs = new EndedJobs({ get } as unknown as Http, () => undefined, (problem) => this.troubles.push(problem));
  }

  private async answer(query: URLSearchParams): Promise<BoardPage> {
    this.asked.push(query);
    if (this.problem !== null) throw this.problem;
    const [limit, from] = [Number(query.get("limit")), Number(query.get("cursor") ?? "0")];
    if (limit > 1_000) throw new HttpProblem(422, "invalid", "limit is too large", {}, null);
    const next = from + limit < this.cards.length ? String(from + limit) : null;
    return { cards: this.cards.slice(from, from + limit), next, time_zone: "UTC", currency: "usd" };
  }

  async after(ms: number): Promise<void> {
    mock.timers.tick(ms);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const QUERY = new URLSearchParams({ status: "completed" });

async function looking(many: number, work: (server: Server) => Promise<void>): Promise<void> {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    await work(new Server(many));
  } finally {
    mock.timers.reset();
  }
}

test("what was read is read again, also when that is more than one answer holds", () =>
  looking(1_200, async (server) => {
    server.jobs.want(QUERY);
    await server.after(250);
    while (server.jobs.more) {
      server.jobs.readMore();
      await server.after(0);
    }
    assert.equal(server.jobs.cards.length, 1_200);
    server.jobs.refresh();
    await server.after(0);
    await server.after(0);
    assert.deepEqual(server.troubles, []);
    assert.equal(server.jobs.cards.length, 1_200);
    assert.equal(new Set(server.jobs.cards.map(({ id }) => id)).size, 1_200);
  }));

test("jobs that could not be read are looked for again, and until then nobody says that there are none", () =>
  looking(3, async (server) => {
    server.problem = new HttpProblem(503, "unavailable", "Not just now.", {}, null);
    server.jobs.want(QUERY);
    await server.after(250);
    assert.equal(server.troubles.length, 1);
    assert.equal(server.jobs.waiting, true);
    server.problem = null;
    await server.after(3_000);
    assert.deepEqual([server.jobs.cards.length, server.jobs.waiting], [3, false]);
  }));

test("a question that the server refuses is not asked again, and one that nobody asks any more neither", () =>
  looking(3, async (server) => {
    server.problem = new HttpProblem(422, "invalid", "'x' is no lane", {}, null);
    server.jobs.want(QUERY);
    await server.after(250);
    await server.after(60_000);
    assert.deepEqual([server.asked.length, server.jobs.waiting], [1, false]);
    server.problem = new HttpProblem(0, "no_answer", "No answer.", {}, null);
    server.jobs.refresh();
    await server.after(0);
    server.jobs.want(null);
    await server.after(60_000);
    assert.deepEqual([server.asked.length, server.jobs.waiting], [2, false]);
  }));
