import { HttpProblem } from "../../lib/http.ts";
import type { JobDetail, JobSource } from "./detail.ts";
import { edit } from "../words/edit.ts";

/** So often somebody may come between; then the person is told to look for themselves. */
const TRIES = 4;

/** A refusal of our own: the sentence says all there is to say. */
export function ours(sentence: string): HttpProblem {
  return new HttpProblem(409, "ours", sentence, {}, null);
}

/**
 * Sends what a button means on the version that the person has `seen`. When the job has changed since, what was
 * sent goes again on the new version as long as the change is `beside` the point; else nothing is sent, and
 * the person is told who was quicker.
 *
 * @throws HttpProblem
 */
export async function onNewest<T>(
  source: JobSource,
  seen: JobDetail,
  beside: (fresh: JobDetail) => boolean,
  send: (version: number) => Promise<T>,
): Promise<T> {
  let version = seen.version;
  for (let tries = 1; ; tries++) {
    try {
      return await send(version);
    } catch (error) {
      if (!(error instanceof HttpProblem) || error.code !== "stale_version" || tries === TRIES) throw error;
    }
    const fresh = await source.read();
    if (!beside(fresh)) throw ours(edit.movedOn(await source.whoSince(seen.version)));
    version = fresh.version;
  }
}
