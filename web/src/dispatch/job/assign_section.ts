import type L from "leaflet";
import { serverNow } from "../../lib/clock.ts";
import { h } from "../../lib/dom.ts";
import { CandidateDots } from "./candidate_dots.ts";
import { doubt, judge, type Candidate } from "./candidates.ts";
import { button, smallForm } from "../forms.ts";
import type { JobDetail, JobSource } from "./detail.ts";
import { onNewest, ours } from "./on_newest.ts";
import { Section } from "./section.ts";
import { assign as words } from "../words/assign.ts";

/** The job, and who could take it: asked only while somebody looks. */
interface Choice {
  detail: JobDetail;
  skill: string;
  pros: Candidate[];
}

const AGAIN_S = 5;

/** The section, and what takes its numbers off the map. */
export interface AssignPart {
  section: Section<Choice>;
  close(): void;
}

/** Who has the job, and who could have it: nearest and freest first, each with a button. */
export function assignSection(source: JobSource, map: L.Map, panel: HTMLElement, changed: () => void): AssignPart {
  const dots = new CandidateDots(map, (pro_id) => section.element.querySelector<HTMLElement>(`[data-candidate="${CSS.escape(pro_id)}"] button`)?.focus());
  const section: Section<Choice> = new Section(
    {
      name: "assign",
      title: words.title,
      read,
      again_s: AGAIN_S,
      digest: ({ detail }) => words.digest(detail.job.pro?.name ?? words.nobodyYet),
      body: draw,
    },
    changed,
  );
  section.element.addEventListener("toggle", () => {
    if (!section.element.open) dots.clear();
  });

  async function read(): Promise<Choice> {
    const detail = await source.read();
    if (!section.element.open || !detail.assignable) return { detail, skill: "", pros: [] };
    const { skill, candidates } = await source.http.get<{ skill: string; candidates: Candidate[] }>(source.path("candidates"));
    return { detail, skill, pros: candidates };
  }

  function draw({ detail, skill, pros }: Choice): (Node | null)[] {
    const { pro, status } = detail.job;
    const has = h("p", { class: "small" }, pro === null ? words.nobodyHas : words.has(pro.name));
    if (!detail.assignable) {
      dots.clear();
      return [has, h("p", { class: "small muted" }, status === "en_route" ? words.tooLate : words.ended)];
    }
    if (!section.element.open) return [has];
    dots.show(pros, detail.job, panel);
    if (pros.length === 0) return [has, h("p", { class: "notice small" }, words.nobody)];
    return [has, h("p", { class: "small muted" }, words.suitable(skill)), h("ol", { class: "candidates" }, ...pros.map((one, at) => card(one, at + 1, detail)))];
  }

  function card(one: Candidate, number: number, detail: JobDetail): HTMLElement {
    const holds = detail.job.pro?.id === one.id;
    const give = button(`assign-${one.id}`, words.assign, () => begin(one, detail));
    give.setAttribute("aria-label", words.assignTo(one.name));
    return h(
      "li",
      { "data-candidate": one.id },
      h("span", { class: "candidate-dot", "aria-hidden": "true" }, String(number)),
      h(
        "div",
        { class: "candidate-facts" },
        h("strong", {}, one.name),
        h("p", { class: "small muted" }, ...judge(one, serverNow()).map(({ text, against }) => h("span", { class: against ? "doubt" : "" }, text))),
      ),
      holds ? h("span", { class: "tag", "data-tone": "moving" }, words.has_it) : give,
    );
  }

  /** What speaks against it is asked first. */
  function begin(one: Candidate, seen: JobDetail): void {
    const why = doubt(one, seen.job.pro);
    if (why === null) return void section.act(() => give(one, seen));
    const form = smallForm(
      [h("p", { class: "small" }, why)],
      words.giveTo(one.name),
      () => void section.submit(() => give(one, seen)),
      () => section.ask(null),
    );
    section.ask(form);
    form.querySelector<HTMLElement>("button[type=submit]")?.focus();
  }

  /** Nothing is given when somebody else gave it away, or took it, since the person looked. */
  function give(one: Candidate, seen: JobDetail): Promise<unknown> {
    const sameHolder = (fresh: JobDetail): boolean => {
      const holder = fresh.job.pro;
      if (holder?.id === seen.job.pro?.id) return true;
      if (holder === null || holder.id === one.id) return false;
      throw ours(words.taken(holder.name));
    };
    return onNewest(source, seen, sameHolder, (version) => source.http.post(source.path("assign"), { pro_id: one.id, version }));
  }

  return { section, close: () => dots.remove() };
}
