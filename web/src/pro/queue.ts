import type { Heartbeat } from "./fix.ts";
import type { Store } from "./store.ts";

/** What a queue needs of a store. */
export interface Keeper {
  all(): Promise<Heartbeat[]>;
  put(heartbeat: Heartbeat): Promise<boolean>;
  remove(heartbeats: readonly Heartbeat[]): Promise<boolean>;
}

/** The store's part for positions. */
export function positionsIn(store: Store): Keeper {
  return {
    all: () => store.all<Heartbeat>("positions"),
    put: (heartbeat) => store.write("positions", (table) => table.put(heartbeat)),
    remove: (heartbeats) =>
      store.write("positions", (table) => {
        for (const { session, seq } of heartbeats) table.delete([session, seq]);
      }),
  };
}

/** About a day at one position each ten seconds; about 2 MB. */
export const QUEUE_LIMIT = 8_640;
/** The most that the server takes in one message. */
export const BATCH_LIMIT = 500;

/**
 * Positions that the server has not confirmed yet, oldest first.
 *
 * They are in memory, and in the store so that a reload or a crash loses nothing. When the queue is
 * full the oldest go, and are counted.
 */
export class Queue {
  dropped = 0;
  /** False once the device refused to keep a position beyond this page. */
  durable = true;
  private readonly waiting = new Map<string, Heartbeat>();
  private readonly keeper: Keeper;
  private readonly limit: number;

  constructor(keeper: Keeper, limit = QUEUE_LIMIT) {
    this.keeper = keeper;
    this.limit = limit;
  }

  get length(): number {
    return this.waiting.size;
  }

  /** Epoch milliseconds of the oldest waiting position. */
  get oldest_ms(): number | null {
    const [first] = this.waiting.values();
    return first?.recorded_at ?? null;
  }

  /** Takes over what an earlier page left: it comes before everything of this page. */
  async restore(): Promise<void> {
    const kept = await this.keeper.all();
    const ours = [...this.waiting.values()];
    this.waiting.clear();
    for (const each of kept.sort((a, b) => a.recorded_at - b.recorded_at)) this.waiting.set(keyOf(each), each);
    for (const each of ours) this.waiting.set(keyOf(each), each);
    this.trim();
  }

  add(heartbeat: Heartbeat): void {
    this.waiting.set(keyOf(heartbeat), heartbeat);
    this.trim();
    void this.keeper.put(heartbeat).then((kept) => {
      this.durable = kept;
      // Confirmed while it was being written: it must not come back after a reload.
      if (!this.waiting.has(keyOf(heartbeat))) void this.keeper.remove([heartbeat]);
    });
  }

  /** The oldest positions, at most `limit`, without those that are already on their way. */
  batch(onTheWay: ReadonlySet<Heartbeat>, limit = BATCH_LIMIT): Heartbeat[] {
    const batch: Heartbeat[] = [];
    for (const each of this.waiting.values()) {
      if (batch.length === limit) break;
      if (!onTheWay.has(each)) batch.push(each);
    }
    return batch;
  }

  /** The server has answered for these, whatever it thought of them. */
  settle(heartbeats: readonly Heartbeat[]): void {
    for (const each of heartbeats) this.waiting.delete(keyOf(each));
    void this.keeper.remove(heartbeats);
  }

  private trim(): void {
    const excess = [...this.waiting.values()].slice(0, Math.max(0, this.waiting.size - this.limit));
    if (excess.length === 0) return;
    this.dropped += excess.length;
    this.settle(excess);
  }
}

function keyOf({ session, seq }: Heartbeat): string {
  return `${session}:${seq}`;
}
