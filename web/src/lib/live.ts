import { io, type Socket } from "socket.io-client";
import { inWords } from "./problems.ts";
import type { Ack, Refusal } from "./wire.ts";

/** The state of this device's own connection. */
export type LinkState =
  | "connecting" // never connected yet
  | "up"
  | "down" // lost; coming back by itself
  | "refused"; // the server will not have us: trying again is pointless

export interface LiveHandlers {
  /** The connection's state changed; `refusal` says why when it is "refused". */
  state(state: LinkState, refusal: Refusal | null): void;
  /** The server sent an event. */
  event(name: string, data: unknown): void;
}

/** A request the server refused, or did not answer (`retry` true). */
export class AckRefused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

const NO_ANSWER: Refusal = { code: "no_answer", message: inWords("no_answer", ""), retry: true };
const ACK_TIMEOUT_MS = 10_000;

/** One Socket.IO connection that comes back by itself and says honestly how it is. */
export class Live {
  state: LinkState = "connecting";
  private readonly socket: Socket;
  private readonly handlers: LiveHandlers;
  private attempts = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private closed = false;

  constructor(root: string, auth: Record<string, string>, handlers: LiveHandlers) {
    this.handlers = handlers;
    this.socket = io(location.origin, {
      path: `${root}socket.io/`,
      transports: ["websocket"],
      auth,
      reconnection: false, // ours below: it obeys `drain` and knows a refusal from an outage
      timeout: 10_000,
      autoConnect: false,
    });
    this.socket.on("connect", () => {
      this.attempts = 0;
      this.become("up");
    });
    this.socket.on("connect_error", (error) => this.failed(error));
    this.socket.on("disconnect", (reason) => {
      if (reason !== "io client disconnect") this.comeBack();
    });
    this.socket.on("drain", (data: { retry_in_s?: number } | undefined) => this.drain(data?.retry_in_s ?? 1));
    this.socket.onAny((name: string, data: unknown) => this.handlers.event(name, data));
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.comeBack());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.hurry();
    });
    this.socket.connect();
  }

  get connected(): boolean {
    return this.socket.connected;
  }

  /** Asks the server and waits for its ack. @throws AckRefused */
  async ask<T extends { ok: true }>(event: string, data: object): Promise<T> {
    if (!this.socket.connected) throw new AckRefused(NO_ANSWER);
    let ack: Ack<T> | undefined;
    try {
      ack = (await this.socket.timeout(ACK_TIMEOUT_MS).emitWithAck(event, data)) as Ack<T> | undefined;
    } catch {
      throw new AckRefused(NO_ANSWER);
    }
    if (!ack?.ok) throw new AckRefused(ack?.error ? { ...ack.error, message: inWords(ack.error.code, ack.error.message) } : NO_ANSWER);
    return ack;
  }

  /** Ends the connection for good. */
  close(): void {
    this.closed = true;
    this.clearTimer();
    this.socket.disconnect();
  }

  /** The connection looks dead although nobody closed it: drop it and come back. */
  reconnect(): void {
    this.socket.disconnect();
    this.comeBack();
  }

  private failed(error: Error): void {
    const data = (error as Error & { data?: { code?: string; retry?: boolean } }).data;
    if (data?.code && data.retry !== true) {
      this.close();
      this.become("refused", { code: data.code, message: error.message, retry: false });
    } else {
      this.comeBack();
    }
  }

  /** Back-off with full jitter: a crowd that lost its server must not come back as one. */
  private comeBack(): void {
    if (this.closed) return;
    if (this.state !== "connecting") this.become("down");
    if (this.timer !== null) return;
    const ceiling_ms = Math.min(15_000, 500 * 2 ** this.attempts++);
    this.connectIn(200 + Math.random() * ceiling_ms);
  }

  /** The server is about to go: leave now and return when it asked us to. */
  private drain(retry_in_s: number): void {
    const wait_ms = Math.max(0, retry_in_s) * 1_000;
    this.clearTimer();
    this.connectIn(wait_ms + Math.random() * (500 + 0.2 * wait_ms));
    this.socket.disconnect();
    this.become("down");
  }

  /** The network is back, or someone looks again: do not sit out a long back-off. */
  private hurry(): void {
    if (this.closed || this.socket.connected || !navigator.onLine) return;
    this.attempts = 0;
    this.clearTimer();
    this.connectIn(Math.random() * 300);
  }

  private connectIn(wait_ms: number): void {
    this.timer = setTimeout(() => {
      this.timer = null;
      if (!this.closed) this.socket.connect();
    }, wait_ms);
  }

  private clearTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private become(state: LinkState, refusal: Refusal | null = null): void {
    if (state === this.state) return;
    this.state = state;
    this.handlers.state(state, refusal);
  }
}
