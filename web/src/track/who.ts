import { byId, h, show } from "../lib/dom.ts";
import { numberFormat } from "../lib/formatters.ts";
import { region } from "../lib/region.ts";
import type { WatchedPro } from "../lib/wire.ts";
import { words } from "./words/visit.ts";

const ONE_DIGIT = { minimumFractionDigits: 1, maximumFractionDigits: 1 };

/** Who comes: portrait (or initials), name and rating. */
export function whoComes(root: string, pro: WatchedPro): HTMLElement[] {
  return [portrait(root, pro), h("div", { class: "who-words" }, h("p", { class: "who-name" }, pro.name), rating(pro))];
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

/** The first letters of the first and the last word. */
export function initials(name: string): string {
  const parts = name.trim().split(/\s+/u);
  const letters = parts.length > 1 ? [parts[0], parts.at(-1)] : [parts[0]];
  return letters.map((part) => [...(part ?? "")][0] ?? "").join("").toLocaleUpperCase();
}

function portrait(root: string, pro: WatchedPro): HTMLElement {
  const frame = h("div", { class: "portrait", "aria-hidden": "true" }, initials(pro.name));
  if (!pro.photo) return frame;
  const image = h("img", { src: root + pro.photo, alt: "", width: "256", height: "256", decoding: "async" });
  image.addEventListener("error", () => image.remove()); // the initials stand below it
  frame.append(image);
  return frame;
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
