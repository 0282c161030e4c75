import type { JobView } from "../lib/job_view.ts";
import { LINK, lonePage, TICK } from "../lib/lone_page.ts";
import { words } from "./words/ending.ts";

/** The visit is over: the page ends with one sentence. For the customer more follows (`after/page.ts`). */
export function showOver({ job, shared }: JobView): void {
  if (job.status === "cancelled") {
    const { title, more } = shared ? words.guestCancelled : { title: words.cancelled.title, more: words.cancelled.more(job.service) };
    return lonePage(title, more, LINK);
  }
  const { title, more } = shared ? words.guest : { title: words.done.title, more: words.done.more(job.service) };
  lonePage(title, more, TICK);
}

/** Unknown, expired and revoked links look the same. */
export function showInactive(): void {
  lonePage(words.inactive.title, words.inactive.more, LINK);
}
