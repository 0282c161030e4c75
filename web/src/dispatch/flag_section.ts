import { h } from "../lib/dom.ts";
import type { Http } from "../lib/http.ts";
import { button, field, sentence, smallForm } from "./forms.ts";
import { Section } from "./section.ts";
import { words, worded } from "./words.ts";

/** A flag of `GET /api/dispatch/jobs/{id}/pain-flags`. */
interface Flag {
  id: number;
  type: string;
  severity: string;
  by_rule: boolean;
  note: string | null;
  created_by: string;
  resolved_at: string | null;
  resolved_by: string | null;
  resolution_notes: string | null;
}

interface Flags {
  version: number;
  pain_flags: Flag[];
}

/** What may go wrong with the job: open flags first. A critical one stands in the way of completing it. */
export function flagSection(http: Http, job_id: string, changed: () => void): Section<Flags> {
  const path = `api/dispatch/jobs/${encodeURIComponent(job_id)}/pain-flags`;
  let version = 0; // of what is on the screen
  const section: Section<Flags> = new Section(
    {
      name: "flags",
      title: words.flags.title,
      read: () => http.get<Flags>(path),
      digest: ({ pain_flags }) => words.flags.digest(open(pain_flags).length, open(pain_flags).some((flag) => flag.severity === "CRITICAL")),
      body: (flags) => {
        version = flags.version;
        const resolved = flags.pain_flags.filter((flag) => flag.resolved_at !== null);
        const rows = [...open(flags.pain_flags).map(openRow), ...resolved.map(resolvedRow)];
        return [h("ul", { class: "lines" }, ...rows), button("flag-add", words.flags.add, askNew)];
      },
    },
    changed,
  );

  function openRow(flag: Flag): HTMLElement {
    return h(
      "li",
      { "data-flag": flag.type },
      head(flag),
      flag.note !== null && h("p", { class: "small said" }, flag.note),
      h("p", { class: "small muted" }, flag.by_rule ? words.flags.byRule : words.flags.by(flag.created_by)),
      button(`flag-${flag.id}`, words.flags.resolve, () => askNotes(flag)),
    );
  }

  function askNotes(flag: Flag): void {
    const notes = sentence("flag-notes", 1, 1000);
    const send = (): void => void section.submit(() => http.post(`${path}/${flag.id}/resolve`, { notes: notes.value.trim() }));
    section.ask(smallForm([field(words.flags.notes(worded(words.flags.type, flag.type)), notes)], words.flags.resolve, send, () => section.ask(null)));
  }

  function askNew(): void {
    const type = h("select", { id: "flag-type" }, ...Object.entries(words.flags.type).map(([value, text]) => new Option(text, value)));
    const severity = h("select", { id: "flag-severity" }, ...Object.entries(words.flags.severity).map(([value, text]) => new Option(text, value)));
    const note = h("textarea", { id: "flag-note", rows: "2", maxlength: "1000" });
    const send = (): void =>
      void section.submit(() => http.post(path, { version, type: type.value, severity: severity.value, note: note.value.trim() || null }));
    const fields = [field(words.flags.which, type), field(words.flags.howBad, severity), field(words.flags.note, note)];
    section.ask(smallForm(fields, words.flags.add, send, () => section.ask(null)));
  }

  return section;
}

function open(flags: Flag[]): Flag[] {
  return flags.filter((flag) => flag.resolved_at === null);
}

function head(flag: Flag): HTMLElement {
  const severity = h("span", { class: "tag", "data-tone": toneOf(flag.severity) }, worded(words.flags.severity, flag.severity));
  return h("span", { class: "row small" }, h("strong", {}, worded(words.flags.type, flag.type)), severity);
}

function resolvedRow(flag: Flag): HTMLElement {
  const who = flag.resolved_by === null ? words.flags.resolvedByRule : words.flags.resolvedBy(flag.resolved_by);
  return h(
    "li",
    { "data-flag": flag.type, class: "muted" },
    h("span", { class: "small" }, words.flags.resolved(worded(words.flags.type, flag.type), who)),
    flag.resolution_notes !== null && h("p", { class: "small said" }, flag.resolution_notes),
  );
}

function toneOf(severity: string): string {
  return severity === "CRITICAL" ? "ended" : severity === "HIGH" ? "open" : "planned";
}
