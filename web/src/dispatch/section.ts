import { h, refill, setText, show } from "../lib/dom.ts";
import { HttpProblem } from "../lib/http.ts";
import { words } from "./words.ts";

/** What one section of the job panel is made of. */
export interface Content<T> {
  /** Names the section in the page: `data-section`. */
  name: string;
  title: string;
  read(): Promise<T>;
  /** One line beside the title, so that a closed section tells what is in it. */
  digest(data: T): string;
  body(data: T): (Node | null)[];
}

/** A section, whatever it shows. */
export interface Refreshable {
  readonly element: HTMLDetailsElement;
  refresh(): Promise<void>;
}

/** A foldable part of the job panel that reads what it shows, and says so when it cannot. */
export class Section<T> implements Refreshable {
  readonly element: HTMLDetailsElement;
  private readonly content: Content<T>;
  private readonly changed: () => void;
  private readonly digest = h("span", { class: "digest small muted" });
  private readonly body = h("div", { class: "section-body" });
  private readonly form = h("div", { class: "section-form" });
  private readonly problem = h("p", { class: "notice notice-bad small", role: "status", hidden: true });
  private shown = "";
  private asked = 0;
  private busy = false;

  /** `changed` is called when a button of this section has changed something. */
  constructor(content: Content<T>, changed: () => void) {
    this.content = content;
    this.changed = changed;
    const title = h("h3", { class: "section-title" }, content.title);
    this.element = h(
      "details",
      { class: "section", "data-section": content.name, toggle: () => void this.refresh() },
      h("summary", {}, title, this.digest),
      this.body,
      this.form,
      this.problem,
    );
  }

  /** Reads and shows; the latest question wins, and what has not changed is left alone. */
  async refresh(): Promise<void> {
    const question = ++this.asked;
    try {
      const data = await this.content.read();
      if (question !== this.asked) return;
      const key = JSON.stringify(data);
      if (key === this.shown) return;
      this.shown = key;
      setText(this.digest, this.content.digest(data));
      refill(this.body, ...this.content.body(data));
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      if (question === this.asked && this.shown === "") setText(this.digest, words.unread(error.message));
    }
  }

  /** Does what a button asks for: one thing at a time, and what goes wrong is said here. True: it was done. */
  async act(work: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.element.setAttribute("aria-busy", "true");
    let done = false;
    try {
      await work();
      done = true;
      show(this.problem, false);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      setText(this.problem, words.failed(error.message));
      show(this.problem, true);
    } finally {
      this.busy = false;
      this.element.removeAttribute("aria-busy");
    }
    await this.refresh();
    this.changed();
    return done;
  }

  /** Sends the form; it goes away when that was done, and stays as it was filled in when not. */
  async submit(work: () => Promise<unknown>): Promise<void> {
    if (await this.act(work)) this.ask(null);
  }

  /** Shows a form below, or takes it away; what is being typed survives every refresh. */
  ask(form: HTMLElement | null): void {
    this.form.replaceChildren(...(form ? [form] : []));
    form?.querySelector<HTMLElement>("input, select, textarea")?.focus();
  }
}
