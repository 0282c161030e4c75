/** Small helpers over the DOM. Text goes in as text: nothing here parses markup. */

type Child = Node | string | null | undefined | false;

/** Makes an element with properties, `data-*`/`aria-*` attributes and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | boolean | (() => void)> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, value);
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/** The element with this id, which the page's own markup promises. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element as T;
}

/** Sets an element's text only when it differs, so that screen readers are not told twice. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows or hides an element. */
export function show(element: HTMLElement, visible: boolean): void {
  if (element.hidden === visible) element.hidden = !visible;
}

/**
 * Replaces an element's children. Who was on a control with a `data-key` is on the new one with that key
 * afterwards: what changes by itself must not throw a keyboard out.
 */
export function refill(element: HTMLElement, ...children: Child[]): void {
  const focused = document.activeElement;
  const key = element.contains(focused) ? focused?.getAttribute("data-key") : null;
  element.replaceChildren(...children.filter((child): child is Node | string => Boolean(child)));
  if (key) element.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

const SVG = "http://www.w3.org/2000/svg";

/** An inline SVG icon from path data of our own. */
export function icon(path: string, viewBox = "0 0 24 24"): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", viewBox);
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}
