import type { Http } from "../lib/http.ts";
import type { Job } from "../lib/job.ts";
import { evidenceSection } from "./evidence_section.ts";
import { flagSection } from "./flag_section.ts";
import { messageSection } from "./message_section.ts";
import { moneySection } from "./money_section.ts";
import { reviewSection } from "./review_section.ts";
import type { Refreshable } from "./section.ts";
import { timelineSection } from "./timeline_section.ts";

/** What the job panel shows of a job beside its status, in this order. `job` is the newest that was read. */
export function sectionsOf(http: Http, job: () => Job, changed: () => void): Refreshable[] {
  const { id } = job();
  return [
    flagSection(http, id, changed),
    moneySection(http, job, changed),
    messageSection(http, id, changed),
    evidenceSection(http, id, changed),
    reviewSection(http, id, changed),
    timelineSection(http, id, changed),
  ];
}
