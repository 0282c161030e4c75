import type { Place } from "../lib/wire.ts";
import type { Gps, GpsPosition } from "./gps.ts";

/** `GET /api/demo/drive`: what a phone would read, one fix each `every_s` seconds. */
export interface MadeUpDrive {
  every_s: number;
  fixes: MadeUpFix[];
}

export interface MadeUpFix extends Place {
  accuracy: number;
  speed: number;
  heading: number | null;
}

type Read = (position: GpsPosition) => void;
/** A drive from a place (null: from where the server last saw the pro) to another (null: nowhere). */
type AskForDrive = (from: Place | null, to: Place | null) => Promise<MadeUpDrive>;

const TICK_MS = 1_000;
const AGAIN_MS = 3_000;

/** What the phone reads so long after the drive began; after its end it stays at the last fix. */
export function fixAt({ every_s, fixes }: MadeUpDrive, elapsed_ms: number): MadeUpFix | null {
  const number = Math.floor(Math.max(0, elapsed_ms) / (every_s * 1_000));
  return fixes[Math.min(number, fixes.length - 1)] ?? null;
}

/** A phone's GPS that nobody has: it drives wherever it is told to, by the server's made-up drives. */
export class MadeUpGps implements Gps {
  private readonly ask: AskForDrive;
  private drive: MadeUpDrive | null = null;
  private began_ms = 0;
  /** Where it is heading for, as text; undefined before it was told. */
  private goal: string | undefined;
  private asking = false;
  private not_before_ms = 0;
  private readonly readers = new Map<number, { read: Read; timer: ReturnType<typeof setInterval> }>();
  private lastId = 0;

  constructor(ask: AskForDrive) {
    this.ask = ask;
  }

  /** Drive there from where it is, or (null) stay. Told again and again: only another goal changes anything. */
  headFor(place: Place | null): void {
    const goal = place === null ? "" : `${place.lat},${place.lng}`;
    if (goal === this.goal || this.asking || Date.now() < this.not_before_ms) return;
    const here = this.here();
    if (place === null && here !== null) this.take({ every_s: 1, fixes: [{ ...here, speed: 0, heading: null }] }, goal);
    else void this.fetch(here, place, goal);
  }

  watchPosition(read: Read): number {
    const id = ++this.lastId;
    this.readers.set(id, { read, timer: setInterval(() => this.tell(read), TICK_MS) });
    this.tell(read);
    return id;
  }

  getCurrentPosition(read: Read): void {
    this.tell(read);
  }

  clearWatch(id: number): void {
    clearInterval(this.readers.get(id)?.timer);
    this.readers.delete(id);
  }

  private async fetch(here: Place | null, place: Place | null, goal: string): Promise<void> {
    this.asking = true;
    try {
      this.take(await this.ask(here, place), goal);
    } catch {
      this.not_before_ms = Date.now() + AGAIN_MS; // it stands where it is; told again, it asks again
    } finally {
      this.asking = false;
    }
  }

  private take(drive: MadeUpDrive, goal: string): void {
    this.drive = drive;
    this.goal = goal;
    this.began_ms = Date.now();
    for (const { read } of this.readers.values()) this.tell(read);
  }

  private here(): MadeUpFix | null {
    return this.drive === null ? null : fixAt(this.drive, Date.now() - this.began_ms);
  }

  private tell(read: Read): void {
    const here = this.here();
    if (here === null) return;
    const { lat: latitude, lng: longitude, accuracy, heading, speed } = here;
    read({ coords: { latitude, longitude, accuracy, heading, speed }, timestamp: Date.now() });
  }
}
