import { onServerClock } from "../lib/clock.ts";
import { HttpProblem, type Http } from "../lib/http.ts";
import type { Status } from "../lib/wire.ts";
import type { Errand, PhotoErrand, SignatureErrand, StepErrand } from "./errands.ts";

/** What the server made of an errand. */
export type Outcome =
  | { done: true; version: number | null }
  /** Refused for good; `problem` says why. */
  | { done: false; problem: HttpProblem };

/** What a problem means for an errand that the server answered with it. */
export type Meaning =
  | "done" // somebody was quicker with the same, or this was its second try
  | "later" // nobody knows, or the server cannot now: the same request again
  | "signed out" // the token is not taken: it waits for the next one
  | "without time" // the server does not believe when it was
  | "refused";

/** How far along a status is; going back is -1. */
const ALONG: readonly Status[] = ["accepted", "scheduled", "en_route", "arrived", "in_progress", "completed", "paid"];

/**
 * Sends one errand. Each is recognised by the server when it is sent twice: a step by the status that
 * the job has by then, evidence by its key.
 *
 * @throws HttpProblem when it must wait
 */
export async function carryOut(http: Http, errand: Errand): Promise<Outcome> {
  try {
    return await send(http, errand, true);
  } catch (error) {
    const outcome = judged(errand, error);
    if (outcome !== "without time") return outcome;
  }
  // The answer brought the server's time, so the second try may name a better one; the third names none.
  for (const timed of [true, false]) {
    try {
      return await send(http, errand, timed);
    } catch (error) {
      const outcome = judged(errand, error);
      if (outcome !== "without time") return outcome;
    }
  }
  throw new Error("a request without a time was refused for its time");
}

function judged(errand: Errand, error: unknown): Outcome | "without time" {
  if (!(error instanceof HttpProblem)) throw error;
  const meaning = meaningOf(errand, error);
  if (meaning === "done") return { done: true, version: null };
  if (meaning === "refused") return { done: false, problem: error };
  if (meaning === "without time") return meaning;
  throw error;
}

export function meaningOf(errand: Errand, problem: HttpProblem): Meaning {
  if (problem.status === 401) return "signed out";
  if (problem.retry) return "later";
  if (problem.facts["field"] === "occurred_at" || problem.facts["field"] === "taken_at") return "without time";
  if (problem.code === "evidence_removed") return "done"; // it was there, and dispatch took it away
  if (errand.kind === "step" && problem.code === "transition_refused") {
    const current = ALONG.indexOf(problem.facts["current"] as Status);
    const wanted = ALONG.indexOf(errand.to);
    if (wanted >= 0 && current >= wanted && errand.to !== "accepted") return "done";
  }
  return "refused";
}

async function send(http: Http, errand: Errand, timed: boolean): Promise<Outcome> {
  const job = `api/jobs/${encodeURIComponent(errand.job_id)}`;
  const { version } = await request(http, job, errand, timed);
  return { done: true, version };
}

function request(http: Http, job: string, errand: Errand, timed: boolean): Promise<{ version: number }> {
  switch (errand.kind) {
    case "step":
      return http.post(`${job}/status`, { ...stepOf(errand), ...(timed ? { occurred_at: timeOf(errand) } : {}) });
    case "photo":
      return http.upload(`${job}/evidence?${queryOf(errand, timed)}`, new Blob([errand.bytes], { type: errand.media_type }));
    case "signature":
      return http.post(`${job}/evidence/signature`, { ...signatureOf(errand), ...(timed ? { taken_at: timeOf(errand) } : {}) });
  }
}

function stepOf({ to, spot }: StepErrand): object {
  return spot === null ? { status: to } : { status: to, lat: spot.lat, lng: spot.lng };
}

function signatureOf({ key, width, height, strokes, spot }: SignatureErrand): object {
  return { upload_key: key, width, height, strokes, ...placeOf(spot) };
}

function queryOf(errand: PhotoErrand, timed: boolean): string {
  const query = new URLSearchParams({ kind: errand.shows, upload_key: errand.key });
  for (const [name, value] of Object.entries(placeOf(errand.spot))) query.set(name, String(value));
  if (timed) query.set("taken_at", new Date(timeOf(errand)).toISOString());
  return query.toString();
}

function placeOf(spot: Errand["spot"]): Record<string, number> {
  if (spot === null) return {};
  const { lat, lng, accuracy } = spot;
  return accuracy === null ? { lat, lng } : { lat, lng, accuracy: Math.min(accuracy, 100_000) };
}

function timeOf(errand: Errand): number {
  return Math.round(onServerClock(errand.at_ms));
}
