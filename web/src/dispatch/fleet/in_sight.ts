import { serverNow } from "../../lib/clock.ts";
import { h } from "../../lib/dom.ts";
import { words as common } from "../words.ts";
import { fleet } from "../words/fleet.ts";
import { swatch } from "./looks.ts";
import type { LayerName } from "./layers.ts";
import type { Mark } from "./scene.ts";
import { lines } from "./tell.ts";

const words = fleet.fleet;
const MOST_ROWS = 200;
/** What needs somebody comes first. */
const URGENT: readonly LayerName[] = ["lost", "late", "delayed", "open", "moving", "live", "planned"];

/**
 * What the map shows, as a list of buttons: for a keyboard or a screen reader, and for things that lie on top of
 * each other.
 */
export class InSight {
  private readonly element = h("section", { class: "fleet-list", role: "dialog", "aria-labelledby": "fleet-list-title", hidden: true });
  private readonly choose: (mark: Mark) => void;
  private before: Element | null = null;

  /** `choose` is called with what somebody took from the list. */
  constructor(frame: HTMLElement, choose: (mark: Mark) => void) {
    this.choose = choose;
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
    frame.append(this.element);
  }

  show(title: string, marks: readonly Mark[]): void {
    const sorted = [...marks].sort((a, b) => URGENT.indexOf(a.layer) - URGENT.indexOf(b.layer));
    const heading = h("h2", { id: "fleet-list-title", tabindex: "-1" }, title);
    const close = h("button", { class: "button close", type: "button", "aria-label": common.close, click: () => this.close() }, "×");
    const now_ms = serverNow();
    const rows = sorted.slice(0, MOST_ROWS).map((mark) => h("li", {}, this.row(mark, now_ms)));
    const more = sorted.length - rows.length;
    this.element.replaceChildren(
      h("div", { class: "row" }, heading, close),
      rows.length === 0 ? h("p", { class: "muted" }, words.nothing) : h("ul", {}, ...rows),
      ...(more > 0 ? [h("p", { class: "muted small" }, words.more(more))] : []),
    );
    if (this.element.hidden) this.before = document.activeElement;
    this.element.hidden = false;
    heading.focus();
  }

  close(): void {
    if (this.element.hidden) return;
    const inside = this.element.contains(document.activeElement);
    this.element.hidden = true;
    this.element.replaceChildren();
    if (inside && this.before instanceof HTMLElement) this.before.focus();
  }

  private row(mark: Mark, now_ms: number): HTMLButtonElement {
    const [title, ...more] = lines(mark, now_ms);
    const take = (): void => {
      this.close();
      this.choose(mark);
    };
    const id = mark.kind === "pro" ? { "data-pro": mark.pro.id } : { "data-mark": mark.card.id };
    const text = h("span", {}, h("strong", {}, title), ...more.map((line) => h("span", { class: "small muted" }, line)));
    return h("button", { type: "button", ...id, click: take }, swatch(mark.layer), text);
  }
}
