import { h, refill, setText, show } from "../lib/dom.ts";
import { HttpProblem } from "../lib/http.ts";
import { words } from "./words.ts";

/** A list over the page that is opened with a button and left with Escape; while open it is kept fresh. */
export class Drawer<T> {
  private readonly read: () => Promise<T>;
  private readonly draw: (data: T) => (Node | null)[];
  private readonly dialog: HTMLDialogElement;
  private readonly body = h("div", { class: "drawer-body" });
  private readonly problem = h("p", { class: "notice notice-bad small", role: "status", hidden: true });
  private shown = "";
  private asked = 0;
  private busy = false;
  /** Whether what is said above the list is that it could not be read. */
  private unread = false;

  /** `above` stands over the list and is not drawn anew. */
  constructor(name: string, title: string, read: () => Promise<T>, draw: (data: T) => (Node | null)[], ...above: Node[]) {
    this.read = read;
    this.draw = draw;
    const id = `drawer-${name}`;
    const close = h("button", { class: "button close", type: "button", "aria-label": words.close, click: () => this.close() }, "×");
    this.dialog = h(
      "dialog",
      { class: "drawer", id, "aria-labelledby": `${id}-title` },
      h("div", { class: "row" }, h("h2", { id: `${id}-title` }, title), close),
      ...above,
      this.problem,
      this.body,
    );
    document.body.append(this.dialog);
  }

  get isOpen(): boolean {
    return this.dialog.open;
  }

  open(): void {
    if (!this.dialog.open) this.dialog.showModal();
    void this.refresh();
  }

  close(): void {
    this.dialog.close();
  }

  /** Reads and shows; the latest question wins. */
  async refresh(): Promise<void> {
    const question = ++this.asked;
    try {
      const data = await this.read();
      if (question !== this.asked) return;
      if (this.unread) show(this.problem, false);
      this.unread = false;
      const key = JSON.stringify(data);
      if (key === this.shown) return;
      this.shown = key;
      refill(this.body, ...this.draw(data));
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      if (question !== this.asked) return;
      if (this.problem.hidden !== false) this.unread = true; // what a button could not do stays said
      if (this.unread) this.trouble(error);
    }
  }

  /** Does what a button asks for, one thing at a time; true when it was done. */
  async act(work: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.unread = false;
    show(this.problem, false);
    try {
      await work();
      return true;
    } catch (error) {
      this.trouble(error);
      return false;
    } finally {
      this.busy = false;
      await this.refresh();
    }
  }

  private trouble(error: unknown): void {
    if (!(error instanceof HttpProblem)) throw error;
    setText(this.problem, words.failed(error.message));
    show(this.problem, true);
  }
}
