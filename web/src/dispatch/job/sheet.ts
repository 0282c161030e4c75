import { h, setText, show } from "../../lib/dom.ts";
import { panel as say } from "../words/panel.ts";
import { words } from "../words.ts";

/** Below this width an open job covers the whole page. */
const NARROW = "(width < 860px)";

/**
 * Where an open job lies: beside the board, or over the whole page of a phone. There it can be folded away to see
 * the map, and what it covers cannot be reached by keyboard either.
 */
export class Sheet {
  private readonly element: HTMLElement;
  private readonly page: HTMLElement;
  private readonly covers = matchMedia(NARROW);
  private readonly folded: () => void;
  private readonly fold: HTMLButtonElement;
  private readonly leaving = new AbortController();

  /** Adds its buttons to the sheet's head. `closed`: it was left; `folded`: the map can be seen now. */
  constructor(element: HTMLElement, page: HTMLElement, closed: () => void, folded: () => void) {
    this.element = element;
    this.page = page;
    this.folded = folded;
    this.fold = h("button", { class: "button fold", type: "button", click: () => this.setFolded(element.dataset["folded"] !== "true") });
    const close = h("button", { class: "button close", type: "button", "aria-label": words.close, click: closed }, "×");
    element.querySelector(".panel-head")?.append(this.fold, close);
    element.tabIndex = -1; // a click into it keeps the keyboard in it
    const { signal } = this.leaving;
    const escape = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && !event.defaultPrevented) closed();
    };
    element.addEventListener("keydown", escape, { signal });
    this.covers.addEventListener("change", () => this.cover(), { signal });
    show(element, true);
    this.setFolded(false);
    element.scrollTop = 0;
  }

  /** Takes it off the page. */
  close(): void {
    this.leaving.abort();
    show(this.element, false);
    this.cover();
  }

  private setFolded(folded: boolean): void {
    this.element.dataset["folded"] = String(folded);
    this.fold.setAttribute("aria-expanded", String(!folded));
    setText(this.fold, folded ? say.toJob : say.toMap);
    this.cover();
    if (folded) this.folded();
  }

  /** What lies under a sheet that covers the page is out of reach. */
  private cover(): void {
    const { element, page } = this;
    const how = element.hidden ? "" : element.dataset["folded"] === "true" ? "folded" : "open";
    page.dataset["job"] = how;
    const over = this.covers.matches && how === "open";
    for (const other of page.children) if (other !== element && other instanceof HTMLElement) other.inert = over;
    for (const other of page.parentElement?.children ?? []) if (other !== page && other instanceof HTMLElement && other.tagName === "HEADER") other.inert = over;
    document.documentElement.classList.toggle("covered", over);
  }
}
