import { HttpProblem, type Http } from "../lib/http.ts";
import type { Job } from "../lib/job.ts";
import { freshKey } from "../lib/random.ts";
import type { Errands, Shows, Spot } from "./errands.ts";
import { madeSmall, PhotoUnusable, takenAt } from "./photo.ts";
import { askSignature } from "./signature_pad.ts";
import { words } from "./words.ts";

/** A piece that the server has: `GET /api/jobs/{id}/evidence`. */
export interface Piece {
  id: string;
  kind: Shows;
  thumb_url: string;
}

/** The phone knows where a photo was taken if it was taken about now. */
const HERE_MS = 120_000;

/** Photos and signatures of the pro's jobs: what the server has, and what is added. */
export class Evidence {
  /** The job whose photo is being made small just now. */
  busy: string | null = null;
  private readonly http: Http;
  private readonly errands: Errands;
  private readonly spot: () => Spot | null;
  private readonly added: () => void;
  private readonly changed: () => void;
  private readonly warn: (text: string) => void;
  private readonly pieces = new Map<string, Piece[]>();
  private readonly read_at = new Map<string, number>();

  constructor(http: Http, errands: Errands, spot: () => Spot | null, on: { added: () => void; changed: () => void; warn: (text: string) => void }) {
    this.http = http;
    this.errands = errands;
    this.spot = spot;
    this.added = on.added;
    this.changed = on.changed;
    this.warn = on.warn;
  }

  of(job_id: string): Piece[] {
    return this.pieces.get(job_id) ?? [];
  }

  /** Asks for the evidence of jobs that changed since it was last asked for. */
  async read(jobs: readonly Job[]): Promise<void> {
    for (const { id, version, status } of jobs) {
      if (status !== "arrived" && status !== "in_progress") continue;
      if (this.read_at.get(id) === version) continue;
      try {
        const answer = await this.http.get<{ evidence: Piece[] }>(`api/jobs/${encodeURIComponent(id)}/evidence`);
        this.pieces.set(id, answer.evidence);
        this.read_at.set(id, version);
        this.changed();
      } catch (error) {
        if (!(error instanceof HttpProblem)) throw error; // the next refresh asks again
      }
    }
  }

  async addPhotos(job: Job, shows: Shows, files: readonly File[]): Promise<void> {
    if (this.busy !== null) return;
    this.busy = job.id;
    this.changed();
    try {
      for (const file of files) await this.addPhoto(job, shows, file);
    } finally {
      this.busy = null;
      this.changed();
    }
  }

  sign(job: Job): void {
    const { id: job_id, service } = job;
    askSignature(service, (signed) => {
      const key = freshKey();
      const errand = { kind: "signature", key, job_id, service, at_ms: Date.now(), spot: this.spot(), ...signed } as const;
      void this.errands.add(errand).then(this.added);
      this.changed();
    });
  }

  private async addPhoto(job: Job, shows: Shows, file: File): Promise<void> {
    const at_ms = takenAt(file.lastModified, Date.now());
    const spot = Date.now() - at_ms < HERE_MS ? this.spot() : null;
    try {
      const small = await madeSmall(file);
      await this.errands.add({ kind: "photo", key: freshKey(), job_id: job.id, service: job.service, shows, at_ms, spot, ...small });
      this.added();
    } catch (error) {
      // The browser's own word: the file is gone, or may not be read.
      const why = error instanceof DOMException ? "unreadable" : error instanceof PhotoUnusable ? error.why : null;
      if (why === null) throw error;
      this.warn(words.evidence[why]);
    }
  }
}
