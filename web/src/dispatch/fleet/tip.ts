import { h } from "../../lib/dom.ts";

const AWAY_PX = 18;

/**
 * A few lines beside what the pointer is on. It is for pointers only: all of it can be read in the list of what is
 * in sight too.
 */
export class Tip {
  private readonly frame: HTMLElement;
  private readonly element = h("div", { class: "fleet-tip small", "aria-hidden": "true", hidden: true });
  private text = "";

  constructor(frame: HTMLElement) {
    this.frame = frame;
    frame.append(this.element);
  }

  /** Shows lines at a point of the frame, CSS pixels: above it where there is room, below it otherwise. */
  show(x: number, y: number, [title, ...more]: readonly string[]): void {
    const text = [title, ...more].join("\n");
    if (text !== this.text) {
      this.text = text;
      this.element.replaceChildren(h("strong", {}, title), ...more.map((line) => h("span", {}, line)));
    }
    this.element.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const left = Math.max(8, Math.min(this.frame.clientWidth - width - 8, x - width / 2));
    const above = y - height - AWAY_PX;
    this.element.style.translate = `${left}px ${above > 8 ? above : y + AWAY_PX}px`;
  }

  hide(): void {
    this.element.hidden = true;
  }
}
