import type { Status } from "../lib/wire.ts";
import { bell } from "./words/bell.ts";
import { candidates } from "./words/candidates.ts";
import { evidence } from "./words/evidence.ts";
import { flags } from "./words/flags.ts";
import { fleet } from "./words/fleet.ts";
import { job } from "./words/job.ts";
import { list } from "./words/list.ts";
import { messages } from "./words/messages.ts";
import { money } from "./words/money.ts";
import { order } from "./words/order.ts";
import { page } from "./words/page.ts";
import { reviews } from "./words/reviews.ts";
import { sandbox } from "./words/sandbox.ts";
import { status } from "./words/status.ts";
import { steps } from "./words/steps.ts";
import { timeline } from "./words/timeline.ts";

export { worded } from "./words/worded.ts";

/**
 * What the dispatch page says, in the language of its reader. Each topic has its own file in `words/`, with all
 * languages side by side; a view that is loaded later takes its topics straight from there.
 */
export const words = {
  ...page,
  ...status,
  ...list,
  ...fleet,
  ...job,
  ...steps,
  ...candidates,
  flags,
  money,
  messages,
  evidence,
  reviews,
  timeline,
  sandbox,
  order,
  bell,
};

/** The colour family of a status. */
export function toneOf(status: Status): string {
  switch (status) {
    case "pending":
    case "pending_scheduling":
    case "open":
      return "open";
    case "accepted":
    case "scheduled":
      return "planned";
    case "en_route":
    case "arrived":
    case "in_progress":
      return "moving";
    case "completed":
    case "paid":
      return "done";
    case "cancelled":
      return "ended";
  }
}
