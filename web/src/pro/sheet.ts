import { h } from "../lib/dom.ts";
import { words } from "./words.ts";

/** A page over the page, left with its button or Escape; the focus returns to where it was. */
export class Sheet {
  readonly body = h("div", { class: "sheet-body" });
  private readonly dialog: HTMLDialogElement;

  /** `closed` is called however it was left. */
  constructor(id: string, title: string, closed: () => void = () => undefined) {
    const close = h("button", { class: "button quiet", type: "button", "aria-label": words.close, click: () => this.close() }, "✕");
    this.dialog = h(
      "dialog",
      { class: "sheet", id, "aria-labelledby": `${id}-title` },
      h("header", { class: "row" }, h("h2", { id: `${id}-title` }, title), close),
      this.body,
    );
    this.dialog.addEventListener("close", closed);
    document.body.append(this.dialog);
  }

  get isOpen(): boolean {
    return this.dialog.open;
  }

  open(): void {
    if (!this.dialog.open) this.dialog.showModal();
  }

  close(): void {
    this.dialog.close();
  }

  /** Takes it off the page. */
  remove(): void {
    this.dialog.remove();
  }
}
