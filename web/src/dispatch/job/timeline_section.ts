import { h } from "../../lib/dom.ts";
import { moment } from "../../lib/format.ts";
import { region } from "../../lib/region.ts";
import { words, worded } from "../words.ts";
import type { JobEvent, JobSource } from "./detail.ts";
import { linesOf } from "./event_lines.ts";
import { Section } from "./section.ts";

/** A job's events, newest first. */
interface Story {
  events: JobEvent[];
  currency: string;
}

/** Everything that happened to the job, newest first: the audit, as people read it. */
export function timelineSection(source: JobSource, changed: () => void): Section<Story> {
  return new Section(
    {
      name: "timeline",
      title: words.timeline.title,
      read: async () => {
        const [events, { currency }] = await Promise.all([source.eventsAfter(0), source.read()]);
        return { events: events.reverse(), currency };
      },
      digest: ({ events }) => words.timeline.digest(events.length),
      body: ({ events, currency }) => [h("ol", { class: "lines timeline" }, ...events.map((event) => row(event, source, currency)))],
    },
    changed,
  );
}

function row(event: JobEvent, source: JobSource, currency: string): HTMLElement {
  const what = event.kind === "status" && event.to_status !== null ? words.status[event.to_status] : worded(words.timeline.kind, event.kind);
  const lines = linesOf(event, (id) => source.nameOf(id), currency);
  return h(
    "li",
    { "data-kind": event.kind, "data-override": String("override_reason" in event.data) },
    h("span", { class: "row small" }, h("strong", {}, what), h("time", { class: "muted", datetime: event.occurred_at }, moment(Date.parse(event.occurred_at), region))),
    h("p", { class: "small muted" }, words.timeline.by(source.nameOf(event.actor_id))),
    ...lines.map((line) => h("p", { class: "small said" }, line)),
  );
}
