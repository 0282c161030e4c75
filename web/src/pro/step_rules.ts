import { ONWARD, type Job } from "../lib/job.ts";
import type { Status } from "../lib/wire.ts";
import type { Errand } from "./errands.ts";

/**
 * The job as its pro has left it: with the taps that still wait. The server says what may follow from
 * what it knows; what follows a tap that it does not know yet is the next step alone.
 */
export function withTaps(job: Job, errands: readonly Errand[]): Job {
  const tap = errands.filter((errand) => errand.kind === "step" && errand.job_id === job.id).at(-1);
  return tap?.kind === "step" ? after(job, tap.to) : job;
}

/** The job after a step, as far as one can tell without asking. */
export function after(job: Job, to: Status): Job {
  const next = ONWARD[to];
  return { ...job, status: to, allowed: next === undefined || to === "open" ? [] : [next] };
}

/** Not the pro's any more, or done: it leaves the list. */
export function isOffTheList({ status }: Job): boolean {
  return status === "open" || status === "completed" || status === "paid" || status === "cancelled";
}

/** What is under way comes first; then by the agreed time, those without one last. */
export function inOrder(jobs: readonly Job[]): Job[] {
  const startOf = (job: Job): number => (job.window_start === null ? Number.POSITIVE_INFINITY : Date.parse(job.window_start));
  return [...jobs].sort((a, b) => Number(isUnderWay(b)) - Number(isUnderWay(a)) || compare(startOf(a), startOf(b)));
}

export function isUnderWay({ status }: Job): boolean {
  return status === "en_route" || status === "arrived" || status === "in_progress";
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
