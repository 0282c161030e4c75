import type { Status } from "../lib/wire.ts";
import type { Store } from "./store.ts";

/** Where the phone was, when it knew. */
export interface Spot {
  lat: number;
  lng: number;
  accuracy: number | null;
}

interface Common {
  /** The device's own name of it: sent twice, done once. */
  key: string;
  /** Its turn: errands go out in the order they were given. */
  number: number;
  job_id: string;
  /** What the job is called, to speak of it when it is gone. */
  service: string;
  /** When the person did it, epoch milliseconds of the device's clock. */
  at_ms: number;
  spot: Spot | null;
}

/** A tap on a step of a job. */
export interface StepErrand extends Common {
  kind: "step";
  to: Status;
}

export type Shows = "before" | "after" | "signature";

/** A photo, made small already. Bytes and not a Blob: some browsers lose Blobs that wait for long. */
export interface PhotoErrand extends Common {
  kind: "photo";
  shows: Shows;
  media_type: string;
  bytes: ArrayBuffer;
  /** A tiny picture of it, as a data: address. */
  thumb: string;
}

/** A signature: lines of [x, y] points on a canvas of `width` × `height`. */
export interface SignatureErrand extends Common {
  kind: "signature";
  width: number;
  height: number;
  strokes: [x: number, y: number][][];
}

export type Errand = StepErrand | PhotoErrand | SignatureErrand;
/** Distributes over the kinds. */
type Without<E, K extends PropertyKey> = E extends unknown ? Omit<E, K> : never;
export type NewErrand = Without<Errand, "number">;

/** What goes out side by side: a slow photo must not keep a tap waiting. */
export type Lane = "steps" | "files";

export const laneOf = (errand: Errand): Lane => (errand.kind === "step" ? "steps" : "files");

/** What the errands need of a store. */
export interface ErrandKeeper {
  all(): Promise<Errand[]>;
  put(errand: Errand): Promise<boolean>;
  remove(errand: Errand): Promise<boolean>;
}

export function errandsIn(store: Store): ErrandKeeper {
  return {
    all: () => store.all<Errand>("errands"),
    put: (errand) => store.write("errands", (table) => table.put(errand)),
    remove: ({ key }) => store.write("errands", (table) => table.delete(key)),
  };
}

/**
 * What the person did and the server has not answered yet, oldest first: in memory, and in the store so
 * that a reload or a crash loses nothing.
 */
export class Errands {
  private waiting = new Map<string, Errand>();
  /** Those that only memory has: the device had no room. */
  private readonly unkept = new Set<string>();
  private readonly settled = new Set<string>();
  private readonly keeper: ErrandKeeper;

  constructor(keeper: ErrandKeeper) {
    this.keeper = keeper;
  }

  /** False while the device could not keep one of them beyond this page. */
  get durable(): boolean {
    return this.unkept.size === 0;
  }

  get all(): Errand[] {
    return [...this.waiting.values()];
  }

  /** Epoch milliseconds (this device's clock) of the oldest one. */
  get oldest_ms(): number | null {
    return this.all.reduce<number | null>((oldest, { at_ms }) => Math.min(oldest ?? at_ms, at_ms), null);
  }

  of(job_id: string): Errand[] {
    return this.all.filter((errand) => errand.job_id === job_id);
  }

  first(lane: Lane): Errand | null {
    return this.all.find((errand) => laneOf(errand) === lane) ?? null;
  }

  /** What the store has, with what only memory has: another tab may have done some of it meanwhile. */
  async restore(): Promise<void> {
    const kept = (await this.keeper.all()).filter(({ key }) => !this.settled.has(key));
    const ours = this.all.filter(({ key }) => this.unkept.has(key));
    const both = [...kept, ...ours].sort((a, b) => a.number - b.number || a.at_ms - b.at_ms);
    this.waiting = new Map(both.map((errand) => [errand.key, errand]));
  }

  /** Resolves when it is kept, or cannot be. */
  async add(given: NewErrand): Promise<Errand> {
    const number = this.all.reduce((last, errand) => Math.max(last, errand.number), 0) + 1;
    const errand: Errand = { ...given, number };
    this.waiting.set(errand.key, errand);
    this.unkept.add(errand.key);
    if (await this.keeper.put(errand)) this.unkept.delete(errand.key);
    // Answered while it was being written: it must not come back after a reload.
    if (this.settled.has(errand.key)) await this.keeper.remove(errand);
    return errand;
  }

  /** The server has answered, whatever it thought of it. */
  async settle(errand: Errand): Promise<void> {
    this.settled.add(errand.key);
    this.waiting.delete(errand.key);
    this.unkept.delete(errand.key);
    await this.keeper.remove(errand);
  }
}
