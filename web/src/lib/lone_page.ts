import { h, icon } from "./dom.ts";

/** Replaces the page by one polite sentence, with what stands `below` it, and lets a screen reader begin there. */
export function lonePage(title: string, more: string, mark: string, ...below: HTMLElement[]): void {
  document.title = title;
  const heading = h("h1", { tabindex: "-1" }, title);
  const page = h("main", { class: "lone" }, h("div", { class: "lone-mark" }, icon(mark)), heading, h("p", {}, more), ...below);
  document.body.replaceChildren(page);
  heading.focus();
}

export const TICK = "M9.2 16.6 4.9 12.3 3.4 13.8 9.2 19.6 20.9 7.9 19.4 6.4Z";
export const LINK =
  "M10.6 13.4a1 1 0 0 0 1.4-1.4 2 2 0 0 1 0-2.8l3-3a2 2 0 0 1 2.8 2.8l-1 1a1 1 0 1 0 1.4 1.4l1-1a4 4 0 0 0-5.6-5.6l-3 3a4 4 0 0 0 0 5.6Zm2.8-2.8a1 1 0 0 0-1.4 1.4 2 2 0 0 1 0 2.8l-3 3A2 2 0 0 1 6.2 15l1-1a1 1 0 1 0-1.4-1.4l-1 1a4 4 0 0 0 5.6 5.6l3-3a4 4 0 0 0 0-5.6Z";
