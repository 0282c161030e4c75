import { h } from "../../lib/dom.ts";
import type { Desk, View } from "../nav.ts";
import { nav } from "../words/nav.ts";

export class Outbox implements View {
  readonly element = h("div", { class: "page" }, h("h1", { tabindex: "-1" }, nav.outbox));

  constructor(_desk: Desk) {
    this.refresh();
  }

  refresh(): void {
    this.element.hidden = false;
  }
}
