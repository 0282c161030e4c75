import { h } from "./dom.ts";

/** The first letters of the first and the last word. */
export function initials(name: string): string {
  const parts = name.trim().split(/\s+/u);
  const letters = parts.length > 1 ? [parts[0], parts.at(-1)] : [parts[0]];
  return letters.map((part) => [...(part ?? "")][0] ?? "").join("").toLocaleUpperCase();
}

/** A round picture of somebody, or their initials. `photo` is an address below the server's root. */
export function portrait(root: string, name: string, photo: string | null | undefined): HTMLElement {
  const frame = h("div", { class: "portrait", "aria-hidden": "true" }, initials(name));
  if (!photo) return frame;
  const image = h("img", { src: root + photo, alt: "", width: "256", height: "256", decoding: "async" });
  image.addEventListener("error", () => image.remove()); // the initials stand below it
  frame.append(image);
  return frame;
}
