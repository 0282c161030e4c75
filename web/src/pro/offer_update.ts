import { h } from "../lib/dom.ts";
import { words } from "./words.ts";

/** Says that a new build waits; it also takes over by itself when the page is hidden or opened again. */
export function offerUpdate(takeOver: () => void): void {
  if (document.getElementById("update") !== null) return;
  const load = h("button", { class: "button", type: "button", click: takeOver }, words.updateNow);
  document.querySelector("main")?.prepend(h("div", { id: "update", class: "notice notice-news row", role: "status" }, h("span", { class: "grow" }, words.update), load));
}
