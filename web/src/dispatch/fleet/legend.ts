import { h, setText } from "../../lib/dom.ts";
import { recall, remember } from "../../lib/memory.ts";
import { fleet } from "../words/fleet.ts";
import { JOB_LAYERS, LAYERS, PRO_LAYERS, type Counts, type LayerName } from "./layers.ts";
import { swatch } from "./looks.ts";

const words = fleet.fleet;
const KEY = "tracker.fleet.hidden";
const device = (): Storage => localStorage;
/** There is room for it, and there is room for it beside an open job; otherwise it is opened by a tap. */
const ROOM = matchMedia("(width >= 860px)");
const ROOM_BESIDE_A_JOB = matchMedia("(width >= 1600px)");

export interface LegendActions {
  /** A layer was switched on or off. */
  changed(): void;
  everything(): void;
  list(): void;
}

/** What the marks mean, how many of each are in sight, and which of them are shown. */
export class Legend {
  readonly hidden = new Set<LayerName>();
  private readonly actions: LegendActions;
  private readonly element = h("details", { class: "legend small" });
  private readonly buttons = new Map<LayerName, { button: HTMLButtonElement; count: HTMLElement }>();

  constructor(frame: HTMLElement, actions: LegendActions) {
    this.actions = actions;
    for (const name of (recall(device, KEY) ?? "").split(",")) if (isLayer(name)) this.hidden.add(name);
    this.element.append(
      h("summary", {}, words.legend),
      h("div", { class: "legend-groups" }, this.group(words.legendOf.pros, PRO_LAYERS), this.group(words.legendOf.jobs, JOB_LAYERS)),
      h(
        "div",
        { class: "legend-actions" },
        h("button", { class: "button", type: "button", "data-fleet": "everything", click: () => actions.everything() }, words.everything),
        h("button", { class: "button", type: "button", "data-fleet": "list", click: () => actions.list() }, words.list),
      ),
    );
    frame.append(this.element);
    this.makeRoom(false);
  }

  /** A job was opened beside it, or closed. */
  makeRoom(forJob: boolean): void {
    this.element.open = forJob ? ROOM_BESIDE_A_JOB.matches : ROOM.matches;
  }

  /** How many of each are in sight; of what is switched off nothing is counted. */
  count(counts: Counts): void {
    for (const [name, { count }] of this.buttons) setText(count, this.hidden.has(name) ? "" : String(counts[name]));
  }

  /** The colours changed. */
  repaint(): void {
    for (const [name, { button }] of this.buttons) button.querySelector("canvas")?.replaceWith(swatch(name));
  }

  private group(title: string, names: readonly LayerName[]): HTMLElement {
    const toggles = names.map((name) => h("li", {}, this.toggle(name)));
    return h("div", { role: "group", "aria-label": title }, h("p", { class: "muted" }, title), h("ul", {}, ...toggles));
  }

  private toggle(name: LayerName): HTMLButtonElement {
    const count = h("span", { class: "legend-count" });
    const pressed = this.hidden.has(name) ? "false" : "true";
    const attributes = { type: "button", class: "legend-layer", "aria-pressed": pressed, "data-layer": name, click: () => this.flip(name) };
    const button = h("button", attributes, swatch(name), h("span", {}, words.layer[name]), count);
    this.buttons.set(name, { button, count });
    return button;
  }

  private flip(name: LayerName): void {
    if (!this.hidden.delete(name)) this.hidden.add(name);
    this.buttons.get(name)?.button.setAttribute("aria-pressed", String(!this.hidden.has(name)));
    remember(device, KEY, [...this.hidden].join());
    this.actions.changed();
  }
}

function isLayer(name: string): name is LayerName {
  return (LAYERS as readonly string[]).includes(name);
}
