import { HttpProblem, type Http } from "../lib/http.ts";
import { carryOut } from "./carry_out.ts";
import { laneOf, type Errand, type Errands, type Lane } from "./errands.ts";

export interface CarrierHandlers {
  /** The server has done it; its job's version, when it said. */
  done(errand: Errand, version: number | null): void;
  /** The server will not; `others` are the later steps of the job that went with it. */
  refused(errand: Errand, problem: HttpProblem, others: number): void;
  /** The server does not take our token. */
  signedOut(): void;
  /** Something changed that the page shows. */
  changed(): void;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
const LANES: readonly Lane[] = ["steps", "files"];

/** Runs work while no other tab of this person does the same. */
export type Alone = (lane: Lane, work: () => Promise<void>) => Promise<void>;

/** By the Web Locks API, where the browser has it; a second tab's errands are recognised anyway. */
export function aloneAs(person: string): Alone {
  const { locks } = navigator as Navigator & { locks?: LockManager };
  return async (lane, work) => {
    if (locks === undefined) await work();
    else await locks.request(`tracker.${person}.${lane}`, work);
  };
}

/** Carries errands out, one after the other in each lane, until the server has answered each. */
export class Carrier {
  private readonly errands: Errands;
  private readonly http: Http;
  private readonly handlers: CarrierHandlers;
  private readonly alone: Alone;
  private readonly running = new Set<Lane>();
  private readonly timers = new Map<Lane, ReturnType<typeof setTimeout>>();
  private readonly waits_ms = new Map<Lane, number>();
  private signedOut = false;

  constructor(errands: Errands, http: Http, alone: Alone, handlers: CarrierHandlers) {
    this.errands = errands;
    this.http = http;
    this.alone = alone;
    this.handlers = handlers;
  }

  /** There is something new, or the connection is back: no reason to sit out a wait. */
  hurry(): void {
    for (const lane of LANES) {
      clearTimeout(this.timers.get(lane));
      this.timers.delete(lane);
      this.waits_ms.delete(lane);
      void this.run(lane);
    }
  }

  private async run(lane: Lane): Promise<void> {
    if (this.running.has(lane) || this.timers.has(lane) || this.signedOut || navigator.onLine === false) return;
    if (this.errands.first(lane) === null) return;
    this.running.add(lane);
    try {
      await this.alone(lane, async () => {
        await this.errands.restore();
        for (let next = this.errands.first(lane); next !== null; next = this.errands.first(lane)) await this.carry(next);
      });
    } catch (error) {
      this.failed(lane, error);
    } finally {
      this.running.delete(lane);
      this.handlers.changed();
    }
    // Added while the last one was being settled.
    if (this.errands.first(lane) !== null) void this.run(lane);
  }

  private async carry(errand: Errand): Promise<void> {
    const outcome = await carryOut(this.http, errand);
    this.waits_ms.delete(laneOf(errand));
    await this.errands.settle(errand);
    if (outcome.done) {
      this.handlers.done(errand, outcome.version);
    } else {
      const others = errand.kind === "step" ? this.errands.of(errand.job_id).filter(({ kind }) => kind === "step") : [];
      for (const other of others) await this.errands.settle(other); // each would follow a step that never was
      this.handlers.refused(errand, outcome.problem, others.length);
    }
    this.handlers.changed();
  }

  private failed(lane: Lane, error: unknown): void {
    if (!(error instanceof HttpProblem)) throw error;
    if (error.status === 401) {
      this.signedOut = true;
      return this.handlers.signedOut();
    }
    const wait_ms = this.waits_ms.get(lane) ?? FIRST_WAIT_MS;
    this.waits_ms.set(lane, Math.min(LONGEST_WAIT_MS, wait_ms * 2));
    const asked_ms = error.retry_after_s === null ? wait_ms : error.retry_after_s * 1_000;
    this.timers.set(
      lane,
      setTimeout(
        () => {
          this.timers.delete(lane);
          void this.run(lane);
        },
        asked_ms * (0.75 + Math.random() / 2),
      ),
    );
  }
}
