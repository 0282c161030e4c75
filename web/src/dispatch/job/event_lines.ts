import { moment, money } from "../../lib/format.ts";
import { region } from "../../lib/region.ts";
import { equipment } from "../words/equipment.ts";
import { evidence } from "../words/evidence.ts";
import { flags } from "../words/flags.ts";
import { install } from "../words/install.ts";
import { messages } from "../words/messages.ts";
import { money as moneyWords } from "../words/money.ts";
import { panel } from "../words/panel.ts";
import { reviews } from "../words/reviews.ts";
import { steps } from "../words/steps.ts";
import { timeline as words } from "../words/timeline.ts";
import { worded } from "../words/worded.ts";
import type { Item, JobEvent, OrderPlan } from "./detail.ts";
import { itemLine, NEW_ITEM } from "./items.ts";

/** What an event of a job's record says, in lines that people read. Pure. */

type Data = Readonly<Record<string, unknown>>;
type Texts = Readonly<Record<string, string>>;

/** Facts that have lines of their own, or that tell people nothing. */
const TOLD = new Set(["before", "after", "override_reason", "overridden", "guards", "pro_id", "previous_pro_id", "window", "previous_window", "flags_added", "flags_resolved", "from_cents", "to_cents", "doubts"]);
const UNTOLD = /(^|_)(ids?|sha256|hash|key|facts|review|payment|refunds?|transfer|message|with|to|provider|way)$/;

/** Everything that an event tells; amounts are of `currency`. */
export function linesOf(event: JobEvent, nameOf: (id: string) => string, currency: string): string[] {
  const { data } = event;
  const cents = (amount: number): string => money(amount, region, currency);
  return [
    ...override(data),
    ...pros(data, nameOf),
    ...price(data, cents),
    ...appointment(data),
    ...edits(data, cents),
    ...flagsOf(data),
    ...together(Object.entries(data).flatMap(([name, value]) => plain(name, value, cents))),
  ];
}

/** A guard that was waived: what it said, and why it was waived. */
function override(data: Data): string[] {
  const { override_reason: reason, guards, overridden } = data;
  const named = texts(guards).map((guard) => worded(steps.guard, guard));
  const why = named.length > 0 ? named : texts(overridden);
  return [...(typeof reason === "string" ? [words.override(reason)] : []), ...(why.length > 0 ? [words.overrode(why.join(" "))] : [])];
}

function pros(data: Data, nameOf: (id: string) => string): string[] {
  const { pro_id, previous_pro_id } = data;
  return [
    ...(typeof pro_id === "string" ? [words.gotIt(nameOf(pro_id))] : []),
    ...(typeof previous_pro_id === "string" ? [words.lostIt(nameOf(previous_pro_id))] : []),
  ];
}

function price({ from_cents, to_cents }: Data, cents: (amount: number) => string): string[] {
  if (typeof from_cents !== "number" || typeof to_cents !== "number") return [];
  return [words.changed(words.price, cents(from_cents), cents(to_cents))];
}

function appointment(data: Data): string[] {
  const [now, before] = [windowOf(data["window"]), windowOf(data["previous_window"])];
  if (now === null) return [];
  return [before === null ? words.window(now) : words.window(`${before} → ${now}`)];
}

function windowOf(value: unknown): string | null {
  const [start, end] = texts(value);
  if (start === undefined || end === undefined) return null;
  return `${moment(Date.parse(start), region)} – ${moment(Date.parse(end), region)}`;
}

/** What an edit of the installation or the equipment changed, field by field. */
function edits(data: Data, cents: (amount: number) => string): string[] {
  const [before, after] = [data["before"], data["after"]];
  if (!isData(before) || !isData(after)) return [];
  return Object.keys(after).map((name) => words.changed(labelOf(name), valueOf(name, before[name], cents), valueOf(name, after[name], cents)));
}

function labelOf(name: string): string {
  const others: Texts = { equipment_lane: equipment.lane, order_stage: equipment.stage, order_plan: equipment.plan, order_required: words.orderRequired };
  return worded({ ...install.field, ...others }, name);
}

/** Whose values are codes of the server's. */
const CODES: Readonly<Record<string, Texts>> = {
  type: flags.type,
  severity: flags.severity,
  kind: evidence.kind,
  purpose: moneyWords.purpose,
  channel: messages.channel,
  direction: reviews.direction,
  source: panel.source,
  wire_management_required: install.wire,
  wall_type: install.wall,
  special_constraints: install.constraint,
  equipment_lane: equipment.laneOf,
  order_stage: equipment.stageOf,
};

function valueOf(name: string, value: unknown, cents: (amount: number) => string): string {
  if (typeof value === "boolean") return value ? words.yes : words.no;
  if (typeof value === "string") return CODES[name] === undefined ? `“${value}”` : worded(CODES[name], value);
  if (name === "items" && Array.isArray(value)) return value.map((item) => itemLine({ ...NEW_ITEM, ...(item as Partial<Item>) })).join("; ") || words.nothing;
  if (name === "order_plan" && isData(value)) {
    const { kit_type, total_cents } = value as unknown as OrderPlan;
    return words.plan(worded(equipment.kit, kit_type), cents(total_cents));
  }
  if (Array.isArray(value)) return texts(value).map((code) => worded(CODES[name] ?? {}, code)).join(", ") || words.nothing;
  return words.nothing;
}

function flagsOf(data: Data): string[] {
  const named = (value: unknown): string => texts(value).map((type) => worded(flags.type, type)).join(", ");
  const [opened, closed] = [named(data["flags_added"]), named(data["flags_resolved"])];
  return [...(opened === "" ? [] : [words.opened(opened)]), ...(closed === "" ? [] : [words.closed(closed)])];
}

/** One plain fact in words; numbers of rows, hashes and what is no plain value are left to the API. */
function plain(name: string, value: unknown, cents: (amount: number) => string): string[] {
  if (TOLD.has(name) || UNTOLD.test(name)) return [];
  if (typeof value === "number" && name.endsWith("_cents")) return value === 0 ? [] : [words.fact(name.slice(0, -6), cents(value))];
  if (typeof value === "number") return [words.fact(name, String(value))];
  if (typeof value !== "string") return [];
  return [words.fact(name, CODES[name] === undefined ? value : worded(CODES[name], value))];
}

function together(facts: string[]): string[] {
  return facts.length === 0 ? [] : [facts.join(" · ")];
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}

function isData(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
