import { h } from "../../lib/dom.ts";
import { moment, money } from "../../lib/format.ts";
import type { HttpProblem } from "../../lib/http.ts";
import { region } from "../../lib/region.ts";
import { EquipmentForms } from "./equipment_forms.ts";
import { isOver } from "./facts.ts";
import { button } from "../forms.ts";
import type { JobDetail, JobSource, OrderPlan } from "./detail.ts";
import { Section } from "./section.ts";
import { equipment as words } from "../words/equipment.ts";
import { worded } from "../words/worded.ts";

/** The section, and what it says to do about a refusal. */
export interface EquipmentPart {
  section: Section<JobDetail>;
  explain(problem: HttpProblem): (Node | string)[] | null;
}

/** Who brings the mounts, how far their order is, and what to order at what cost. */
export function equipmentSection(source: JobSource, changed: () => void, fillIn: () => void): EquipmentPart {
  const section: Section<JobDetail> = new Section(
    {
      name: "equipment",
      title: words.title,
      read: () => source.read(),
      digest: ({ metadata }) =>
        metadata.order_stage === "NOT_NEEDED" ? words.nothing : words.digest(worded(words.laneShort, metadata.equipment_lane), worded(words.stageOf, metadata.order_stage)),
      body: (detail) => [lane(detail), stages(detail), plan(detail)],
      explain: (problem) => forms.explain(problem),
    },
    changed,
  );
  const forms = new EquipmentForms(source, section, fillIn);

  function lane(detail: JobDetail): HTMLElement {
    const code = detail.metadata.equipment_lane;
    return h(
      "div",
      { class: "part", "data-lane": code },
      h("h4", { class: "small muted" }, words.lane),
      h("p", {}, worded(words.laneOf, code)),
      isOver(detail) ? null : button("lane", words.setLane, () => forms.askLane()),
    );
  }

  function stages(detail: JobDetail): HTMLElement {
    const codes = Object.keys(words.stageOf);
    const at = codes.indexOf(detail.metadata.order_stage);
    const shown = at <= 0 ? codes.slice(0, 1) : codes.slice(1); // what is not needed goes through no stages
    const next = codes[at + 1];
    return h(
      "div",
      { class: "part", "data-stage": detail.metadata.order_stage },
      h("h4", { class: "small muted" }, words.stage),
      h("ol", { class: "stages small" }, ...shown.map((code) => stage(code, codes.indexOf(code), at))),
      !isOver(detail) &&
        h(
          "div",
          { class: "actions" },
          detail.metadata.order_required && next !== undefined && button("stage-next", words.advance(worded(words.stageOf, next)), () => forms.advance(next), true),
          button("stage-other", words.setStage, () => forms.askStage()),
        ),
    );
  }

  function plan(detail: JobDetail): HTMLElement {
    const { order_plan, order_plan_outdated } = detail.metadata;
    const made = order_plan !== null;
    return h(
      "div",
      { class: "part", "data-plan": made ? (order_plan_outdated ? "outdated" : "made") : "none" },
      h("h4", { class: "small muted" }, words.plan),
      order_plan_outdated && h("p", { class: "notice small" }, words.outdated),
      made ? planTable(order_plan, source, detail.currency) : h("p", { class: "small muted" }, words.noPlan),
      isOver(detail) ? null : button("plan", made ? words.makeAnew : words.makePlan, () => forms.askPlan()),
    );
  }

  return { section, explain: (problem) => forms.explain(problem) };
}

function stage(code: string, number: number, at: number): HTMLElement {
  const when = number < at ? "done" : number === at ? "now" : "later";
  return h("li", { "data-when": when, ...(when === "now" ? { "aria-current": "step" } : {}) }, worded(words.stageOf, code));
}

function planTable(plan: OrderPlan, source: JobSource, currency: string): HTMLElement {
  const { what, quantity, each, total } = words.column;
  const head = (text: string, cents = false): HTMLElement => h("th", { scope: "col", class: cents ? "cents" : "" }, text);
  const rows = plan.lines.map((line) =>
    h(
      "tr",
      {},
      h("td", {}, line.name, h("span", { class: "sku muted" }, line.sku)),
      h("td", { class: "cents" }, String(line.quantity)),
      h("td", { class: "cents" }, money(line.unit_cents, region, currency)),
      h("td", { class: "cents" }, money(line.total_cents, region, currency)),
    ),
  );
  const by = words.plannedBy(source.nameOf(plan.generated_by), moment(Date.parse(plan.generated_at), region));
  return h(
    "div",
    { class: "plan" },
    h("p", { class: "small" }, h("strong", {}, worded(words.kit, plan.kit_type)), plan.vendor === null ? null : ` · ${plan.vendor}`),
    rows.length === 0
      ? h("p", { class: "small muted" }, words.nothingPriced)
      : h(
          "table",
          { class: "ledger small" },
          h("thead", {}, h("tr", {}, head(what), head(quantity, true), head(each, true), head(total, true))),
          h("tbody", {}, ...rows),
          h("tfoot", {}, h("tr", {}, h("th", { scope: "row", colspan: "3" }, words.sum), h("td", { class: "cents" }, money(plan.total_cents, region, currency)))),
        ),
    plan.notes === null ? null : h("p", { class: "small said" }, plan.notes),
    h("p", { class: "small muted" }, by),
  );
}
