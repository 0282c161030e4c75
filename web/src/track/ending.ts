import { LINK, lonePage, TICK } from "../lib/lone_page.ts";
import type { WatchedJob } from "../lib/wire.ts";
import { words } from "./words.ts";

/** The visit is over: the page ends with one sentence and nothing that moves. */
export function showEnded(job: WatchedJob): void {
  const { title, more } = job.status === "cancelled" ? words.ended.cancelled : words.ended.completed;
  lonePage(title, more(job.service), job.status === "cancelled" ? LINK : TICK);
}

/** Unknown, expired and revoked links look the same. */
export function showInactive(): void {
  lonePage(words.inactive.title, words.inactive.more, LINK);
}
