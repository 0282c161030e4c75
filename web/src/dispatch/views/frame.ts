import { h, refill, setText, show } from "../../lib/dom.ts";
import { HttpProblem } from "../../lib/http.ts";
import type { Desk } from "../nav.ts";
import { button } from "../forms.ts";
import { nav } from "../words/nav.ts";
import { page } from "../words/page.ts";

/** The frame of a view: its heading and tools, what is said about the last press, and what is shown below. */
export class Frame {
  readonly element: HTMLElement;
  readonly tools = h("div", { class: "page-tools" });
  private readonly desk: Desk;
  private readonly note = h("p", { class: "notice", role: "status", hidden: true });
  private readonly failed = h("div", { class: "page-failed", hidden: true });
  private readonly body = h("div", { class: "page-body" });
  private busy = false;
  private asked = 0;
  private shown: string | null = null;

  constructor(name: string, title: string, desk: Desk) {
    this.desk = desk;
    const head = h("div", { class: "page-head" }, h("h1", { tabindex: "-1" }, title), this.tools);
    this.element = h("div", { class: "page", id: `page-${name}` }, head, this.note, this.failed, this.body);
    this.element.addEventListener("click", dropSecondTap, true);
    refill(this.body, h("p", { class: "muted", role: "status" }, nav.loading));
  }

  /**
   * Reads and shows. The latest question wins, what has not changed is left alone, and what could not be read is
   * said with a way to try again. `draw` returns null when it has changed what stands there already.
   */
  async read<T>(ask: () => Promise<T>, draw: (data: T) => (Node | null)[] | null): Promise<void> {
    const question = ++this.asked;
    try {
      const data = await ask();
      if (question !== this.asked) return;
      show(this.failed, false);
      const key = JSON.stringify(data);
      if (key === this.shown) return;
      this.shown = key;
      const drawn = draw(data);
      if (drawn !== null) refill(this.body, ...drawn);
    } catch (error) {
      if (question !== this.asked) return;
      const problem = this.expected(error);
      if (problem === null) return;
      const again = button("read-again", nav.again, () => void this.read(ask, draw));
      refill(this.failed, h("p", { class: "notice notice-bad", role: "alert" }, nav.unread(problem.message)), again);
      show(this.failed, true);
      if (this.shown === null) refill(this.body);
    }
  }

  /** What is shown no longer fits, though the server may say the same: the next reading is drawn anew. */
  redraw(): void {
    this.shown = null;
  }

  /** Does what a button asks for: one thing at a time, however often it is pressed. True: it was done. */
  async act(work: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.element.setAttribute("aria-busy", "true");
    show(this.note, false);
    try {
      await work();
      return true;
    } catch (error) {
      const problem = this.expected(error);
      if (problem !== null) this.say(page.failed(problem.message), "bad");
      return false;
    } finally {
      this.busy = false;
      this.element.removeAttribute("aria-busy");
    }
  }

  /** What became of a press; null takes it away. */
  say(text: string | null, tone: "good" | "bad" = "good"): void {
    this.note.classList.toggle("notice-bad", tone === "bad");
    this.note.classList.toggle("notice-good", tone === "good");
    setText(this.note, text ?? "");
    show(this.note, text !== null);
  }

  /** A problem that the reader is told of; null when it was dealt with. Anything else is a mistake of ours. */
  private expected(error: unknown): HttpProblem | null {
    if (!(error instanceof HttpProblem)) throw error;
    if (error.status !== 401 && error.status !== 403) return error;
    this.desk.trouble(error);
    return null;
  }
}

/** The first tap may be done with before the second comes, which would then press what has moved there. */
function dropSecondTap(event: MouseEvent): void {
  if (event.detail < 2 || !(event.target instanceof Element) || event.target.closest("button") === null) return;
  event.preventDefault();
  event.stopPropagation();
}
