import { HttpProblem, type Http } from "../lib/http.ts";
import { AckRefused, type Live } from "../lib/live.ts";
import { policyFrom, FIRST_POLICY, type Heartbeat, type Policy } from "./fix.ts";
import type { Queue } from "./queue.ts";

/** The server's answer to positions, by socket or HTTP. */
interface PositionsAck {
  ok: true;
  accepted: number;
  duplicates: number;
  rejected: { index: number; reason: string }[];
  policy: Policy | null;
}

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;
/** Answers that will be the same however often the same batch is sent. */
const MALFORMED = new Set([400, 413, 422]);

/**
 * Sends positions until the server has confirmed them: the newest by socket, so that the dot moves at
 * once, and whatever is left over in batches by HTTP.
 */
export class Sender {
  policy: Policy = FIRST_POLICY;
  /** Epoch milliseconds (this device's clock) of the last confirmed position. */
  confirmed_at_ms: number | null = null;
  /** Why the server refuses what we send, in its own words; null while it does not. */
  refusal: string | null = null;
  private readonly live: Live;
  private readonly http: Http;
  private readonly queue: Queue;
  private readonly changed: () => void;
  private readonly onTheWay = new Set<Heartbeat>();
  private flushing = false;
  private wait_ms = FIRST_WAIT_MS;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(live: Live, http: Http, queue: Queue, changed: () => void) {
    this.live = live;
    this.http = http;
    this.queue = queue;
    this.changed = changed;
  }

  /** Keeps a position and sends it. */
  async send(heartbeat: Heartbeat): Promise<void> {
    this.queue.add(heartbeat);
    this.changed();
    if (!this.live.connected) return this.flushSoon();
    this.onTheWay.add(heartbeat);
    try {
      this.settled([heartbeat], await this.live.ask<PositionsAck>("heartbeat", heartbeat));
    } catch (error) {
      if (!(error instanceof AckRefused)) throw error;
      if (error.refusal.retry) this.flushSoon();
      else this.refused([heartbeat], error.refusal.message);
    } finally {
      this.onTheWay.delete(heartbeat);
      this.changed();
    }
    if (this.queue.length > this.onTheWay.size) void this.flush();
  }

  /** Sends what is left over, oldest first. */
  async flush(): Promise<void> {
    if (this.flushing || this.timer !== null || !navigator.onLine) return;
    this.flushing = true;
    let batch: Heartbeat[] = [];
    try {
      for (batch = this.queue.batch(this.onTheWay); batch.length > 0; batch = this.queue.batch(this.onTheWay)) {
        this.settled(batch, await this.http.post<PositionsAck>("api/hauler/location", { positions: batch }));
        this.wait_ms = FIRST_WAIT_MS;
        this.changed();
      }
    } catch (error) {
      this.failed(error, batch);
    } finally {
      this.flushing = false;
      this.changed();
    }
  }

  /** The connection is back: no reason to sit out a wait. */
  hurry(): void {
    this.wait_ms = FIRST_WAIT_MS;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    void this.flush();
  }

  take(policy: unknown): void {
    this.policy = policyFrom(policy, this.policy);
  }

  private settled(sent: readonly Heartbeat[], ack: PositionsAck): void {
    this.queue.settle(sent);
    this.refusal = ack.rejected?.[0]?.reason ?? null;
    if (this.refusal === null) this.confirmed_at_ms = Date.now();
    if (ack.policy) this.take(ack.policy);
  }

  /** Refused for good: keeping it would block everything behind it. */
  private refused(sent: readonly Heartbeat[], reason: string): void {
    this.queue.settle(sent);
    this.refusal = reason;
  }

  private failed(error: unknown, batch: readonly Heartbeat[]): void {
    if (!(error instanceof HttpProblem)) throw error;
    if (MALFORMED.has(error.status)) this.refused(batch, error.message);
    else if (!error.retry) this.refusal = error.message; // signed out or suspended: the positions wait
    this.flushSoon(error.retry_after_s === null ? this.wait_ms : error.retry_after_s * 1_000);
  }

  private flushSoon(wait_ms = this.wait_ms): void {
    if (this.timer !== null) return;
    this.wait_ms = Math.min(LONGEST_WAIT_MS, this.wait_ms * 2);
    this.timer = setTimeout(
      () => {
        this.timer = null;
        void this.flush();
      },
      wait_ms * (0.75 + Math.random() / 2),
    );
  }
}
