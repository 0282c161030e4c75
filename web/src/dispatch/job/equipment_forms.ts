import { h } from "../../lib/dom.ts";
import type { HttpProblem } from "../../lib/http.ts";
import { choiceField, lineField, plainText, textField } from "./edit_fields.ts";
import type { Editing } from "./edit_form.ts";
import { button, field } from "../forms.ts";
import { itemName } from "./items.ts";
import type { JobDetail, JobSource } from "./detail.ts";
import { onNewest } from "./on_newest.ts";
import type { Section } from "./section.ts";
import { edit } from "../words/edit.ts";
import { equipment as words } from "../words/equipment.ts";
import { worded } from "../words/worded.ts";

const MOST_VENDOR = 200;
const MOST_NOTES = 4000;
const STAGES = Object.keys(words.stageOf);

/** What dispatch may change about a job's equipment, and what to do where the server says no. */
export class EquipmentForms {
  private readonly source: JobSource;
  private readonly section: Section<JobDetail>;
  private readonly fillIn: () => void;

  /** `fillIn` leads to where items and cables are edited. */
  constructor(source: JobSource, section: Section<JobDetail>, fillIn: () => void) {
    this.source = source;
    this.section = section;
    this.fillIn = fillIn;
  }

  /** The usual next stage, with one tap. */
  advance(order_stage: string): void {
    const seen = this.source.newest;
    if (seen === null) return;
    const unmoved = (fresh: JobDetail): boolean => fresh.metadata.order_stage === seen.metadata.order_stage;
    void this.section.act(() => onNewest(this.source, seen, unmoved, (version) => this.put("order-stage", { version, order_stage })));
  }

  askLane(): void {
    this.open({
      fields: [choiceField("equipment_lane", words.lane, words.laneOf)],
      valuesOf: ({ metadata }) => ({ equipment_lane: metadata.equipment_lane }),
      kinds: ["equipment_lane", "install_details"],
      submit: edit.save,
      send: (changes, version) => this.put("equipment-lane", { version, ...changes }),
    });
  }

  /** Any stage; going back needs a reason. `order_stage` is offered first. */
  askStage(order_stage?: string): void {
    const stage = choiceField("order_stage", words.newStage, words.stageOf);
    const reason = h("textarea", { id: "stage-reason", rows: "2", minlength: "3", maxlength: "500" });
    const fit = (): void => {
      const now = this.source.newest?.metadata.order_stage ?? "";
      reason.required = STAGES.indexOf(stage.get()) < STAGES.indexOf(now);
    };
    stage.element.addEventListener("change", fit);
    this.open({
      fields: [stage],
      valuesOf: ({ metadata }) => ({ order_stage: metadata.order_stage }),
      kinds: ["order_stage", "order_plan", "equipment_lane", "install_details"],
      more: [field(words.reason, reason)],
      submit: edit.save,
      send: (changes, version) => this.put("order-stage", { version, ...changes, reason: plainText(reason.value) }),
    });
    if (order_stage !== undefined) stage.set(order_stage);
    fit();
  }

  askPlan(): void {
    const vendor = lineField("vendor", words.vendor, MOST_VENDOR);
    const notes = textField("notes", words.notes, MOST_NOTES);
    this.open({
      fields: [vendor, notes],
      valuesOf: ({ metadata }) => ({ vendor: plainText(metadata.order_plan?.vendor ?? null), notes: plainText(metadata.order_plan?.notes ?? null) }),
      aboutOf: ({ metadata }) => [metadata.items, metadata.wire_management_required, metadata.order_plan?.lines],
      kinds: ["install_details", "order_plan"],
      submit: words.makePlan,
      adds: true,
      send: (_, version) => this.source.http.post(this.source.path("order-plan"), { version, vendor: vendor.get(), notes: notes.get() }),
    });
  }

  /** What stands in the way, and the button that leads to it. */
  explain(problem: HttpProblem): (Node | string)[] | null {
    switch (problem.code) {
      case "plan_incomplete":
        return [h("p", {}, words.planIncomplete), h("ul", { class: "bullets" }, ...this.lacks(problem).map((lack) => h("li", {}, lack))), button("fill-in", words.fillIn, this.fillIn)];
      case "nothing_to_order":
        return [h("p", {}, words.nothingToOrder), button("to-lane", words.setLane, () => this.askLane())];
      case "already_ordered": {
        const stage = this.source.newest?.metadata.order_stage ?? "ORDERED";
        const back = (): void => this.askStage("READY_TO_ORDER");
        return [h("p", {}, words.alreadyOrdered(worded(words.stageOf, stage))), button("set-back", words.setBack, back)];
      }
      default:
        return null;
    }
  }

  /** `items[0].mount_type` as "1 × Samsung Frame: the mount is not known". */
  private lacks(problem: HttpProblem): string[] {
    const missing = problem.facts["missing"];
    const items = this.source.newest?.metadata.items ?? [];
    return (Array.isArray(missing) ? missing : []).map((path: unknown) => {
      const [, number = "", what = ""] = /^items\[(\d+)\]\.(\w+)$/.exec(String(path)) ?? [];
      const item = items[Number(number)];
      return item === undefined ? String(path) : words.lacks(itemName(item), worded(words.lack, what));
    });
  }

  private put(what: string, body: object): Promise<unknown> {
    return this.source.http.put(this.source.path(what), body);
  }

  private open(editing: Omit<Editing, "source" | "seen">): void {
    const seen = this.source.newest;
    if (seen === null) return;
    this.section.reveal();
    this.section.edit({ source: this.source, seen, ...editing });
  }
}
