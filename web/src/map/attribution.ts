import L from "leaflet";

/**
 * Who made the map: required by its licence, so always visible.
 *
 * The setting may hold links (`<a href="https://…">OpenStreetMap</a>`), but it is never given to the
 * page as markup: only its text and the addresses of its https links are used.
 */
export class Attribution extends L.Control {
  private readonly words = L.DomUtil.create("div", "map-attribution");

  constructor() {
    super({ position: "bottomright" });
  }

  override onAdd(): HTMLElement {
    return this.words;
  }

  set(attribution: string): void {
    const parsed = new DOMParser().parseFromString(attribution, "text/html").body;
    this.words.replaceChildren(...[...parsed.childNodes].map(plain));
    this.words.hidden = attribution === "";
  }
}

function plain(node: Node): Node {
  const text = document.createTextNode(node.textContent ?? "");
  if (!(node instanceof HTMLAnchorElement) || node.protocol !== "https:") return text;
  const link = document.createElement("a");
  link.href = node.href;
  link.rel = "noopener noreferrer";
  link.target = "_blank";
  link.append(text);
  return link;
}
