import { byId, setText, show } from "../lib/dom.ts";
import { words } from "./words.ts";

/** Something that did not work is said for so long. */
const SAID_MS = 10_000;

/** One sentence over whatever page is shown: the connection is gone, or something did not work just now. */
export class Notice {
  private readonly element = byId("own");
  private offline = false;
  private timer: ReturnType<typeof setTimeout> | null = null;

  /** The connection is gone, or back. */
  connected(connected: boolean): void {
    this.offline = !connected;
    this.rest();
  }

  /** Something did not work. */
  trouble(text: string): void {
    setText(this.element, text);
    show(this.element, true);
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), SAID_MS);
  }

  private rest(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    setText(this.element, words.offline);
    show(this.element, this.offline);
  }
}
