import { byId, h, setText } from "../../lib/dom.ts";
import type { Status } from "../../lib/wire.ts";
import type { Card } from "../card.ts";
import { words as common } from "../words.ts";
import type { Group } from "./order.ts";
import { Row, type Terms } from "./row.ts";
import type { Selection } from "./selection.ts";
import { pieces } from "./suited.ts";

/** A heading with its jobs below it, in stretches of a few. */
interface Part {
  element: HTMLElement;
  count: HTMLElement;
  list: HTMLElement;
  stretches: HTMLElement[];
}

/** Rows that the browser decides together about, whether they are in sight: that itself costs time in every frame. */
const STRETCH = 20;
/** No press takes longer. */
const PRESS_MS = 700;

export interface ListHandlers {
  open(id: string): void;
  /** Jobs were chosen, or not any more. */
  selected(): void;
}

/**
 * The jobs as a list that a thousand of them do not slow down: each row is made once, a change touches its own row,
 * and the browser lays out only the stretches in sight (`content-visibility` in board.css).
 *
 * Tab leads to one row and past the list; arrow keys lead from row to row, Enter opens, Shift with an arrow chooses.
 */
export class BoardList {
  /** The ids in the order in which they are shown. */
  order: readonly string[] = [];
  private readonly element = byId("jobs");
  private readonly selection: Selection;
  private readonly handlers: ListHandlers;
  private readonly rows = new Map<string, Row>();
  private readonly parts = new Map<Status | null, Part>();
  private pressed_ms = -Infinity;
  private current: string | null = null;
  private reached: string | null = null;

  constructor(selection: Selection, handlers: ListHandlers) {
    this.selection = selection;
    this.handlers = handlers;
    this.element.addEventListener("click", (event) => this.clicked(event));
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("pointerdown", () => (this.pressed_ms = performance.now()));
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => (this.pressed_ms = -Infinity));
    this.element.addEventListener("focusin", (event) => {
      const id = idOf(event.target);
      if (id !== null) this.reach(id);
    });
  }

  /** Whether somebody is about to choose a row: it must not move away under the finger. */
  get pressed(): boolean {
    return performance.now() - this.pressed_ms < PRESS_MS;
  }

  /** Shows the groups. `changed` are the jobs that changed before somebody's eyes; null: it is another list. */
  show(groups: readonly Group[], changed: ReadonlySet<string> | null, terms: Terms): void {
    const { activeElement } = document;
    const focused = idOf(activeElement);
    const shown = new Map(groups.flatMap((group) => group.cards.map((card) => [card.id, card] as const)));
    for (const [id, row] of this.rows) {
      if (shown.has(id) && !changed?.has(id)) continue;
      row.element.remove(); // what did not change keeps its place among the others: it need not be moved
      if (!shown.has(id)) this.rows.delete(id);
    }
    this.fillParts(groups, changed, terms);
    const before = this.order;
    this.order = [...shown.keys()];
    const row = focused === null ? undefined : this.rows.get(focused);
    (activeElement instanceof HTMLInputElement ? row?.box : row?.opener)?.focus({ preventScroll: true }); // it may have moved
    if (this.reached === null || !shown.has(this.reached)) this.reach(this.order[this.placeOf(before)] ?? this.order.at(-1) ?? null);
  }

  /** Marks the job that is shown beside the list, and brings it into sight. */
  choose(id: string | null): void {
    if (this.current !== null) this.rows.get(this.current)?.mark(false);
    this.current = id;
    const row = id === null ? undefined : this.rows.get(id);
    row?.mark(true);
    row?.element.scrollIntoView({ block: "nearest" });
  }

  /** Ticks the boxes of the chosen jobs. */
  tick(): void {
    for (const [id, row] of this.rows) row.tick(this.selection.has(id));
  }

  private fillParts(groups: readonly Group[], changed: ReadonlySet<string> | null, terms: Terms): void {
    const elements = groups.map((group) => {
      const part = this.part(group.status);
      setText(part.count, String(group.cards.length));
      const rows = group.cards.map((card) => this.row(card, changed, terms).element);
      const stretches = pieces(rows, STRETCH);
      for (const [index, some] of stretches.entries()) fill((part.stretches[index] ??= stretch()), some);
      fill(part.list, part.stretches.slice(0, stretches.length));
      return part.element;
    });
    fill(this.element, elements);
  }

  private row(card: Card, changed: ReadonlySet<string> | null, terms: Terms): Row {
    const known = this.rows.get(card.id);
    const row = known ?? new Row(card.id);
    row.show(card, terms, changed?.has(card.id) ?? false);
    if (known === undefined) {
      this.rows.set(card.id, row);
      row.mark(card.id === this.current);
      row.tick(this.selection.has(card.id));
    }
    return row;
  }

  private part(status: Status | null): Part {
    const known = this.parts.get(status);
    if (known) return known;
    const id = `group-${status ?? "all"}`;
    const count = h("span", { class: "muted" });
    const heading = h("h2", { id, class: "group-title" }, status === null ? "" : common.status[status], " ", count);
    heading.hidden = status === null;
    const list = h("div", { class: "job-list", role: "list", "data-group": status ?? "all", "aria-labelledby": status === null ? "jobs-title" : id });
    const part = { element: h("section", { class: status === null ? "group" : "group is-status" }, heading, list), count, list, stretches: [] };
    this.parts.set(status, part);
    return part;
  }

  private clicked(event: MouseEvent): void {
    if (event.target instanceof HTMLInputElement) return this.ticked(event.target, event.shiftKey);
    const id = event.target instanceof Element ? event.target.closest("[data-job]")?.getAttribute("data-job") : null;
    if (id) this.handlers.open(id);
  }

  private ticked(box: HTMLInputElement, stretch: boolean): void {
    const id = box.dataset["select"];
    if (id === undefined) return;
    if (stretch) this.selection.stretch(id, box.checked, this.order);
    else this.selection.set(id, box.checked);
    this.handlers.selected();
  }

  private key(event: KeyboardEvent): void {
    const id = idOf(event.target);
    if (id === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.order.indexOf(id);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 10, PageUp: at - 10, Home: 0, End: this.order.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = this.order[Math.max(0, Math.min(this.order.length - 1, to))];
    if (next === undefined) return;
    if (event.shiftKey) {
      if (!this.selection.has(id)) this.selection.set(id, true);
      this.selection.stretch(next, true, this.order);
      this.handlers.selected();
    }
    const row = this.rows.get(next);
    (event.target instanceof HTMLInputElement ? row?.box : row?.opener)?.focus();
  }

  private reach(id: string | null): void {
    if (this.reached !== null) this.rows.get(this.reached)?.reach(false);
    this.reached = id;
    if (id !== null) this.rows.get(id)?.reach(true);
  }

  /** Where the row stood that Tab led to: the one that takes its place is led to next. */
  private placeOf(before: readonly string[]): number {
    return Math.max(0, this.reached === null ? 0 : before.indexOf(this.reached));
  }
}

/** A stretch of rows, of which a screen reader says nothing. */
function stretch(): HTMLElement {
  return h("div", { class: "stretch", role: "presentation" });
}

/** Puts these elements, in this order, into a parent; those that are in place already are not touched. */
function fill(parent: HTMLElement, children: readonly HTMLElement[]): void {
  let next = parent.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
  while (next !== null) {
    const after: Element | null = next.nextElementSibling;
    next.remove();
    next = after;
  }
}

/** The job of a row's button or box. */
function idOf(target: EventTarget | null): string | null {
  if (!(target instanceof HTMLElement)) return null;
  return target.dataset["job"] ?? target.dataset["select"] ?? null;
}
