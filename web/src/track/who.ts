import { byId, h, show } from "../lib/dom.ts";
import { numberFormat } from "../lib/formatters.ts";
import { portrait } from "../lib/portrait.ts";
import { region } from "../lib/region.ts";
import type { WatchedPro } from "../lib/wire.ts";
import { words } from "./words/visit.ts";

const ONE_DIGIT = { minimumFractionDigits: 1, maximumFractionDigits: 1 };

/** Who comes: portrait (or initials), name and rating. */
export function whoComes(root: string, pro: WatchedPro): HTMLElement[] {
  return [portrait(root, pro.name, pro.photo), h("div", { class: "who-words" }, h("p", { class: "who-name" }, pro.name), rating(pro))];
}

/** The block of the card; drawn anew only when it changed, so that a picture is not loaded twice. */
export class Who {
  private readonly element = byId("who");
  private readonly root: string;
  private shown = "";

  constructor(root: string) {
    this.root = root;
  }

  render(pro: WatchedPro | null, arrived: boolean): void {
    show(this.element, pro !== null);
    this.element.classList.toggle("is-arrived", arrived);
    const key = JSON.stringify(pro);
    if (pro === null || key === this.shown) return;
    this.shown = key;
    this.element.replaceChildren(...whoComes(this.root, pro));
  }
}

function rating(pro: WatchedPro): HTMLElement {
  const count = pro.rating_count ?? 0;
  if (typeof pro.rating !== "number" || count === 0) return h("p", { class: "muted small" }, words.unrated);
  const stars = numberFormat(region.locale, ONE_DIGIT).format(pro.rating);
  return h(
    "p",
    { class: "small" },
    h("span", { "aria-hidden": "true" }, h("span", { class: "star" }, "★"), ` ${words.rating(stars, count)}`),
    h("span", { class: "visually-hidden" }, words.rated(stars, count)),
  );
}
