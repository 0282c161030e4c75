import { h } from "../../lib/dom.ts";
import type { HttpProblem } from "../../lib/http.ts";
import { checksField, choiceField, lineField, plainText, textField } from "./edit_fields.ts";
import { fact, isOver } from "./facts.ts";
import { button } from "../forms.ts";
import { itemFacts, itemName, plainItem, unknowns } from "./items.ts";
import { itemsField } from "./items_field.ts";
import type { Item, JobDetail, JobSource, Metadata } from "./detail.ts";
import type { Values } from "./merge.ts";
import { Section } from "./section.ts";
import { edit } from "../words/edit.ts";
import { install as words } from "../words/install.ts";
import { worded } from "../words/worded.ts";

const MOST_NOTES = 1000;
const MOST_ORDER_ID = 128;
/** Job events that change what is shown here. */
const KINDS = ["install_details", "equipment_lane", "order_plan"];

/** The section, and what opens its form. */
export interface InstallPart {
  section: Section<JobDetail>;
  edit(): void;
}

/** What the wall, the cables, the home and the items are like. What nobody knows yet stands out. */
export function installSection(source: JobSource, changed: () => void, explain: (problem: HttpProblem) => (Node | string)[] | null): InstallPart {
  const section: Section<JobDetail> = new Section(
    {
      name: "install",
      title: words.title,
      read: () => source.read(),
      digest: ({ metadata }) => words.digest(unknownsOf(metadata)),
      body: (detail) => [facts(detail.metadata), isOver(detail) ? null : button("install-edit", edit.edit, open)],
      explain,
    },
    changed,
  );

  function open(): void {
    section.reveal();
    const seen = source.newest;
    if (seen === null || section.resume()) return;
    section.edit({
      source,
      seen,
      fields: [
        choiceField("wire_management_required", words.field.wire_management_required, words.wire),
        choiceField("wall_type", words.field.wall_type, words.wall),
        textField("mounting_surface_notes", words.field.mounting_surface_notes, MOST_NOTES),
        checksField("special_constraints", words.field.special_constraints, words.constraint),
        textField("customer_priority_notes", words.field.customer_priority_notes, MOST_NOTES),
        itemsField(),
        lineField("order_id", words.field.order_id, MOST_ORDER_ID),
      ],
      valuesOf,
      kinds: KINDS,
      submit: edit.save,
      send: (changes, version) => source.http.patch(source.path("install-details"), { version, ...changes }),
    });
  }

  return { section, edit: open };
}

function facts(metadata: Metadata): HTMLElement {
  return h(
    "dl",
    { class: "job-facts small" },
    fact(words.field.items, itemsOf(metadata.items)),
    fact(words.field.wire_management_required, known(words.wire, metadata.wire_management_required)),
    fact(words.field.wall_type, known(words.wall, metadata.wall_type)),
    metadata.mounting_surface_notes !== null && fact(words.field.mounting_surface_notes, metadata.mounting_surface_notes),
    fact(words.field.special_constraints, metadata.special_constraints.map((code) => worded(words.constraint, code)).join(" · ") || words.none),
    metadata.customer_priority_notes !== null && fact(words.field.customer_priority_notes, metadata.customer_priority_notes),
    metadata.order_id !== null && fact(words.field.order_id, metadata.order_id),
  );
}

/** What the form edits, each value as its control gives it back. */
function valuesOf({ metadata }: JobDetail): Values {
  return {
    wire_management_required: metadata.wire_management_required,
    wall_type: metadata.wall_type,
    mounting_surface_notes: plainText(metadata.mounting_surface_notes),
    special_constraints: Object.keys(words.constraint).filter((code) => metadata.special_constraints.includes(code)),
    customer_priority_notes: plainText(metadata.customer_priority_notes),
    items: metadata.items.map(plainItem),
    order_id: plainText(metadata.order_id),
  };
}

function unknownsOf(metadata: Metadata): number {
  return unknowns(metadata.wire_management_required, metadata.wall_type, metadata.items);
}

function known(texts: Readonly<Record<string, string>>, code: string): Node | string {
  return code === "UNKNOWN" ? h("span", { class: "tag", "data-tone": "open" }, words.unknown) : worded(texts, code);
}

function itemsOf(items: readonly Item[]): Node | string {
  if (items.length === 0) return words.noItems;
  return h("ul", { class: "item-list" }, ...items.map((item) => h("li", {}, h("strong", {}, itemName(item)), ...itemFacts(item).map(told))));
}

function told({ text, known }: { text: string; known: boolean }): HTMLElement {
  return known ? h("span", {}, text) : h("span", { class: "tag", "data-tone": "open" }, text);
}
