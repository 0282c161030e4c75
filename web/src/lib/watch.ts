import { apply, viewAfter, type JobView } from "./job_view.ts";
import { AckRefused, type Live } from "./live.ts";
import type { Refusal, WatchAck } from "./wire.ts";

export interface WatchHandlers {
  /** The view changed. */
  changed(view: JobView): void;
  /** The server will not let this job be watched (any more). */
  refused(refusal: Refusal): void;
}

const AGAIN_MS = 2_000;

/**
 * Watches one job over a live connection and keeps its view right.
 *
 * It joins on every connect, telling what it already has; it joins again without that whenever an
 * event says that something was missed. Joins are never closer than two seconds, so a burst of late
 * points costs one trail.
 */
export class Watch {
  view: JobView | null = null;
  private readonly live: Live;
  private readonly job_id: string | null;
  private readonly handlers: WatchHandlers;
  private joining = false;
  private wanted: "since" | "afresh" | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private joined_at_ms = 0;
  private ended = false;

  /** `job_id` null: a tracking link, which implies its job. */
  constructor(live: Live, job_id: string | null, handlers: WatchHandlers) {
    this.live = live;
    this.job_id = job_id;
    this.handlers = handlers;
    if (live.connected) this.connected();
  }

  /** The connection is up (again). */
  connected(): void {
    this.joined_at_ms = 0;
    this.join("since");
  }

  /** The viewer looks again after a while: make sure that the connection is not dead. */
  prove(): void {
    if (this.live.connected) this.join("since");
  }

  event(name: string, data: unknown): void {
    if (this.ended || this.view === null) return;
    if (name === "revoked") {
      const { job_id, reason } = data as { job_id?: string; reason?: string };
      if (job_id === undefined || job_id === this.view.job.id) {
        this.stop();
        this.handlers.refused({ code: "revoked", message: reason ?? "", retry: false });
      }
      return;
    }
    const { view, stale } = apply(this.view, name, data);
    if (view !== this.view) this.show(view);
    if (stale) this.join("afresh");
  }

  /** Stops watching; the connection stays. */
  stop(): void {
    this.ended = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  leave(): void {
    this.stop();
    if (this.job_id !== null) this.live.ask("unwatch", { job_id: this.job_id }).catch(() => undefined);
  }

  private join(how: "since" | "afresh"): void {
    if (this.ended) return;
    if (this.wanted !== "afresh") this.wanted = how;
    if (this.joining || this.timer !== null) return;
    const wait_ms = this.joined_at_ms + AGAIN_MS - Date.now();
    if (wait_ms <= 0) void this.joinNow();
    else this.joinIn(wait_ms);
  }

  private joinIn(wait_ms: number): void {
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.joinNow();
    }, wait_ms);
  }

  private async joinNow(): Promise<void> {
    if (this.ended || !this.live.connected) return; // the next connect joins
    const how = this.wanted;
    this.wanted = null;
    this.joining = true;
    this.joined_at_ms = Date.now();
    try {
      const ack = await this.live.ask<WatchAck>("watch", this.request(how));
      const outcome = this.ended ? null : viewAfter(ack, this.view);
      if (outcome) {
        this.show(outcome.view);
        if (outcome.stale) this.wanted = "afresh";
      }
    } catch (error) {
      this.failed(error, how);
    } finally {
      this.joining = false;
    }
    if (this.wanted !== null) this.join(this.wanted);
  }

  private request(how: "since" | "afresh" | null): object {
    const job = this.job_id === null ? {} : { job_id: this.job_id };
    if (how !== "since" || this.view === null) return job;
    return { ...job, since: { version: this.view.version, seq: this.view.seq } };
  }

  private failed(error: unknown, how: "since" | "afresh" | null): void {
    if (!(error instanceof AckRefused)) throw error;
    if (this.ended || !this.live.connected) return;
    if (error.refusal.code === "no_answer") {
      this.live.reconnect();
    } else if (error.refusal.retry) {
      this.wanted = how ?? "since";
    } else {
      this.stop();
      this.handlers.refused(error.refusal);
    }
  }

  private show(view: JobView): void {
    this.view = view;
    this.handlers.changed(view);
  }
}
