/** Elements of a drawing, from numbers of our own: nothing here parses markup. */

const SVG = "http://www.w3.org/2000/svg";

export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | number>,
  ...children: (Node | string)[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, typeof value === "number" ? trimmed(value) : value);
  element.append(...children);
  return element;
}

/** Tenths of a pixel are enough. */
function trimmed(value: number): string {
  return String(Math.round(value * 10) / 10);
}
