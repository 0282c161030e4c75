import { h } from "../lib/dom.ts";
import { moment, money } from "../lib/format.ts";
import type { Http } from "../lib/http.ts";
import { region } from "../lib/region.ts";
import type { Status } from "../lib/wire.ts";
import { Section } from "./section.ts";
import { words, worded } from "./words.ts";

/** One event of `GET /api/dispatch/jobs/{id}/events`. */
interface JobEvent {
  version: number;
  kind: string;
  to_status: Status | null;
  actor_id: string;
  occurred_at: string;
  data: Record<string, unknown>;
}

interface EventPage {
  events: JobEvent[];
  /** The version that the page after this one begins behind. */
  next: number | null;
}

/** What tells people nothing. */
const UNTOLD = /(^|_)(id|sha256|hash|key|facts|review|payment|refund|transfer)$/;

/** Everything that happened to the job, newest first: the audit, as people read it. */
export function timelineSection(http: Http, job_id: string, changed: () => void): Section<JobEvent[]> {
  return new Section(
    {
      name: "timeline",
      title: words.timeline.title,
      read: async () => newestFirst(await everything(http, job_id)),
      digest: (events) => words.timeline.digest(events.length),
      body: (events) => [h("ol", { class: "lines" }, ...events.map(row))],
    },
    changed,
  );
}

async function everything(http: Http, job_id: string): Promise<JobEvent[]> {
  const events: JobEvent[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page: EventPage = await http.get(`api/dispatch/jobs/${encodeURIComponent(job_id)}/events?limit=200&after=${after}`);
    events.push(...page.events);
    after = page.next;
  }
  return events;
}

function newestFirst(events: JobEvent[]): JobEvent[] {
  return events.sort((a, b) => b.version - a.version);
}

function row(event: JobEvent): HTMLElement {
  const what = event.kind === "status" && event.to_status !== null ? words.status[event.to_status] : worded(words.timeline.kind, event.kind);
  const facts = Object.entries(event.data).map(fact).filter((text) => text !== "");
  return h(
    "li",
    { "data-kind": event.kind },
    h("span", { class: "row small" }, h("strong", {}, what), h("time", { class: "muted", datetime: event.occurred_at }, moment(Date.parse(event.occurred_at), region))),
    h("p", { class: "small muted" }, words.timeline.by(event.actor_id)),
    facts.length > 0 && h("p", { class: "small" }, facts.join(" · ")),
  );
}

/** One fact of an event in words; numbers of rows, hashes and what is no plain value are left to the API. */
function fact([name, value]: [string, unknown]): string {
  if (UNTOLD.test(name)) return "";
  if (typeof value === "number" && name.endsWith("_cents")) return words.timeline.fact(name.slice(0, -6), money(value, region));
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return words.timeline.fact(name, String(value));
  return "";
}
