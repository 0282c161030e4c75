import { h } from "../../lib/dom.ts";
import { button, field, sentence, smallForm } from "../forms.ts";
import type { JobSource } from "./detail.ts";
import { onNewest } from "./on_newest.ts";
import { Section } from "./section.ts";
import { words, worded } from "../words.ts";

/** A flag of a job; who added or resolved it is named by their id. */
export interface Flag {
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

/** What may go wrong with the job: open flags first. A critical one stands in the way of completing it. */
export function flagSection(source: JobSource, changed: () => void): Section<Flag[]> {
  const { http } = source;
  const path = source.path("pain-flags");
  const section: Section<Flag[]> = new Section(
    {
      name: "flags",
      title: words.flags.title,
      read: async () => (await source.read()).pain_flags,
      digest: (flags) => words.flags.digest(open(flags).length, open(flags).some((flag) => flag.severity === "CRITICAL")),
      body: (flags) => {
        const resolved = flags.filter((flag) => flag.resolved_at !== null);
        const rows = [...open(flags).sort(worstFirst).map(openRow), ...resolved.map(resolvedRow)];
        return [rows.length === 0 ? h("p", { class: "small muted" }, words.flags.none) : h("ul", { class: "lines" }, ...rows), button("flag-add", words.flags.add, askNew)];
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
      h("p", { class: "small muted" }, flag.by_rule ? words.flags.byRule : words.flags.by(source.nameOf(flag.created_by))),
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
    const seen = source.newest;
    if (seen === null) return;
    severity.value = "HIGH";
    const flag = (): object => ({ type: type.value, severity: severity.value, note: note.value.trim() || null });
    const always = (): boolean => true; // a flag takes nothing from what others changed
    const send = (): void => void section.submit(() => onNewest(source, seen, always, (version) => http.post(path, { version, ...flag() })));
    const fields = [field(words.flags.which, type), field(words.flags.howBad, severity), field(words.flags.note, note)];
    section.ask(smallForm(fields, words.flags.add, send, () => section.ask(null)));
  }

  function resolvedRow(flag: Flag): HTMLElement {
    const who = flag.resolved_by === null ? words.flags.resolvedByRule : words.flags.resolvedBy(source.nameOf(flag.resolved_by));
    return h(
      "li",
      { "data-flag": flag.type, class: "muted" },
      h("span", { class: "small" }, words.flags.resolved(worded(words.flags.type, flag.type), who)),
      flag.resolution_notes !== null && h("p", { class: "small said" }, flag.resolution_notes),
    );
  }

  return section;
}

const SEVERITIES = ["LOW", "MEDIUM", "HIGH", "CRITICAL"];

function worstFirst(a: Flag, b: Flag): number {
  return SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity);
}

function open(flags: Flag[]): Flag[] {
  return flags.filter((flag) => flag.resolved_at === null);
}

function head(flag: Flag): HTMLElement {
  const severity = h("span", { class: "tag", "data-tone": toneOf(flag.severity) }, worded(words.flags.severity, flag.severity));
  return h("span", { class: "row small" }, h("strong", {}, worded(words.flags.type, flag.type)), severity);
}

function toneOf(severity: string): string {
  return severity === "CRITICAL" ? "ended" : severity === "HIGH" ? "open" : "planned";
}
