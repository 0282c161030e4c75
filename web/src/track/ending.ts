import type { Http } from "../lib/http.ts";
import { LINK, lonePage, TICK } from "../lib/lone_page.ts";
import type { WatchedJob } from "../lib/wire.ts";
import { reviewForm } from "./review.ts";
import { words } from "./words.ts";

/** The visit is over: the page ends with one sentence, and after work that was done asks how it was. */
export function showEnded(job: WatchedJob, http: Http): void {
  if (job.status === "cancelled") return lonePage(words.ended.cancelled.title, words.ended.cancelled.more(job.service), LINK);
  lonePage(words.ended.completed.title, words.ended.completed.more(job.service), TICK, reviewForm(http, job.id));
}

/** Unknown, expired and revoked links look the same. */
export function showInactive(): void {
  lonePage(words.inactive.title, words.inactive.more, LINK);
}
