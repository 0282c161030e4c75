import { h, refill, setText, show } from "../../lib/dom.ts";
import type { Status } from "../../lib/wire.ts";
import { ACTIVE, ENDED } from "../card.ts";
import { field } from "../forms.ts";
import { toneOf, words as common } from "../words.ts";
import { board as words } from "../words/board.ts";
import { narrowed, narrowness, statusesOf, toggled, type Filter, type FilterKey } from "./filter.ts";

/** What of the active jobs there is to choose from, and how many would be seen. */
export interface Choices {
  /** Jobs of each status that fit the rest of the filter. */
  counts: ReadonlyMap<Status, number>;
  /** Jobs behind each of the quick questions, whatever else is chosen. */
  quick: Record<Quick, number>;
  services: readonly string[];
  pros: readonly { id: string; name: string }[];
}

/** The questions of every hour, each one tap: what is late, what is critical, what has no pro. */
const QUICK = { late: ["late", "true"], critical: ["flags", "critical"], nobody: ["unassigned", "true"] } as const satisfies Record<string, [FilterKey, string]>;
export type Quick = keyof typeof QUICK;
const QUICKS = Object.keys(QUICK) as Quick[];

const DATE = "date";

type Choice = { value: string; text: string };

/** Everything that narrows the board. It holds no filter of its own: it shows the one it is given, and asks for another. */
export class Filters {
  readonly search = h("input", { id: "search", type: "search", autocomplete: "off", spellcheck: "false", "aria-keyshortcuts": "/" });
  readonly quick = h("div", { class: "chips chips-even", role: "group", "aria-label": words.quick });
  readonly toggle = h("button", { id: "filters", class: "button", type: "button", "aria-expanded": "false", "aria-controls": "narrow" });
  readonly panel = h("div", { id: "narrow", class: "narrow", hidden: true });
  private readonly change: (filter: Filter, typing: boolean) => void;
  private readonly statuses = h("div", { class: "chips", role: "group", "aria-label": words.statuses });
  private readonly selects = new Map<FilterKey, HTMLSelectElement>();
  private readonly date = h("input", { type: "date", "aria-label": words.date });
  private filter: Filter = {};
  private shown = "";

  /** `change` is called with the filter that is asked for; `typing`: it will be another in a moment. */
  constructor(change: (filter: Filter, typing: boolean) => void) {
    this.change = change;
    this.search.placeholder = words.search;
    this.search.setAttribute("aria-label", words.search);
    this.search.maxLength = 100;
    this.search.addEventListener("input", () => this.change(narrowed(this.filter, "search", this.search.value.trim()), true));
    addEventListener("keydown", (event) => this.key(event));
    this.toggle.addEventListener("click", () => this.open(this.panel.hidden !== false));
    this.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      this.open(false);
      this.toggle.focus();
    });
    this.date.addEventListener("change", () => this.askDay(this.date.value, this.date.value));
    const fields = (["service", "pro_id", "flags", "lane", "money", "from", "sort"] as const).map((key) => field(words.by[key], this.select(key)));
    this.panel.append(this.statuses, h("div", { class: "narrow-fields" }, ...fields, this.date));
  }

  show(filter: Filter, choices: Choices): void {
    const key = JSON.stringify([filter, [...choices.counts], choices]);
    if (key === this.shown) return;
    this.shown = key;
    this.filter = filter;
    if (document.activeElement !== this.search) this.search.value = filter.search ?? "";
    refill(this.quick, ...QUICKS.map((quick) => this.quickChip(quick, choices.quick[quick])));
    refill(this.statuses, ...[...ACTIVE, ...ENDED].map((status) => this.statusChip(status, choices.counts)));
    const many = narrowness(filter);
    setText(this.toggle, words.filters(many));
    this.toggle.classList.toggle("has-news", many > 0);
    this.fill("service", choices.services.map((service) => ({ value: service, text: service })));
    this.fill("pro_id", choices.pros.map(({ id, name }) => ({ value: id, text: name })));
    for (const fixed of ["flags", "lane", "money", "sort"] as const) this.fill(fixed, of(words.choices[fixed]));
    this.showDay();
  }

  /** `/` leads to the search from everywhere but a field that takes it as a letter, or something that lies above. */
  private key(event: KeyboardEvent): void {
    const { search } = this;
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target instanceof HTMLElement && event.target.matches("input:not([type=checkbox]), textarea, select")) return;
    if (search.offsetParent === null) return; // another page of the portal
    event.preventDefault();
    search.focus();
    search.select();
  }

  /** Opens the panel or closes it. */
  open(open: boolean): void {
    show(this.panel, open);
    this.toggle.setAttribute("aria-expanded", String(open));
  }

  /** A day is two keys of the filter, and one choice: "today|today". A date has a field of its own. */
  private showDay(): void {
    const { from = "", to = "" } = this.filter;
    const chosen = from === "" && to === "" ? "" : `${from}|${to}`;
    const dated = chosen !== "" && !Object.hasOwn(words.choices.day, chosen);
    this.fill("from", of({ ...words.choices.day, [DATE]: words.onDate }), dated ? DATE : chosen);
    if (dated) this.date.value = from;
    show(this.date, this.selects.get("from")?.value === DATE);
  }

  private askDay(from: string, to: string): void {
    this.change(narrowed(narrowed(this.filter, "from", from), "to", to), false);
  }

  private quickChip(quick: Quick, count: number): HTMLButtonElement {
    const [key, value] = QUICK[quick];
    const pressed = this.filter[key] === value;
    return chip(`quick-${quick}`, words.quickly[quick], count, pressed, count > 0 ? quick : "none", () => this.ask(key, pressed ? "" : value));
  }

  private statusChip(status: Status, counts: ReadonlyMap<Status, number>): HTMLButtonElement {
    const pressed = statusesOf(this.filter).includes(status);
    const count = (ACTIVE as readonly Status[]).includes(status) ? (counts.get(status) ?? 0) : null;
    return chip(`status-${status}`, common.status[status], count, pressed, toneOf(status), () => this.change(toggled(this.filter, status), false));
  }

  private select(key: FilterKey): HTMLSelectElement {
    const select = h("select", { id: `by-${key}` });
    select.addEventListener("change", () => {
      if (key !== "from") return this.ask(key, select.value);
      const [from = "", to = ""] = select.value.split("|");
      if (select.value !== DATE) return this.askDay(from, to);
      show(this.date, true); // which day is not said yet
      this.date.focus();
    });
    this.selects.set(key, select);
    return select;
  }

  /** The options of a select; what is chosen stays, also when no job has it any more. */
  private fill(key: FilterKey, choices: readonly Choice[], chosen = this.filter[key] ?? ""): void {
    const select = this.selects.get(key);
    if (!select) return;
    const options = [{ value: "", text: key === "sort" ? words.byStatus : words.any }, ...choices];
    if (!options.some(({ value }) => value === chosen)) options.push({ value: chosen, text: chosen });
    const wanted = JSON.stringify(options);
    if (select.dataset["options"] !== wanted && document.activeElement !== select) {
      select.dataset["options"] = wanted;
      select.replaceChildren(...options.map(({ value, text }) => new Option(text, value)));
    }
    if (document.activeElement !== select) select.value = chosen;
  }

  private ask(key: FilterKey, value: string): void {
    this.change(narrowed(this.filter, key, value), false);
  }
}

function chip(key: string, text: string, count: number | null, pressed: boolean, tone: string, click: () => void): HTMLButtonElement {
  const label = [text, count === null ? null : h("span", { class: "chip-count" }, String(count))];
  return h("button", { class: "chip", type: "button", "data-key": key, "data-tone": tone, "aria-pressed": String(pressed), click }, ...label);
}

function of(choices: Readonly<Record<string, string>>): Choice[] {
  return Object.entries(choices).map(([value, text]) => ({ value, text }));
}
