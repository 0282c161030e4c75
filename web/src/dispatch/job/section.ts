import { h, refill, setText, show } from "../../lib/dom.ts";
import { HttpProblem } from "../../lib/http.ts";
import { EditForm, type Editing } from "./edit_form.ts";
import { words } from "../words.ts";

type Told = Node | string;

/** What one section of the job panel is made of. */
export interface Content<T> {
  /** Names the section in the page: `data-section`. */
  name: string;
  title: string;
  read(): Promise<T>;
  /** While open it is read again after so many seconds: what it shows may change without a job event. */
  again_s?: number;
  /** One line beside the title, so that a closed section tells what is in it. */
  digest(data: T): string;
  body(data: T): (Node | null)[];
  /** What to do about a refusal, for those that people can do something about; null: what the server says. */
  explain?(problem: HttpProblem): Told[] | null;
}

/** A section, whatever it shows. */
export interface Refreshable {
  readonly name: string;
  readonly element: HTMLDetailsElement;
  refresh(): Promise<void>;
  /** The job was read anew: the form that is open here is told. */
  look(): void;
  /** A second has passed. */
  tick(): void;
  /** Opens it and brings it into view, with the focus on its title. */
  reveal(): void;
}

const AGAIN_S = 10;

/** A foldable part of the job panel that reads what it shows, and says so when it cannot. */
export class Section<T> implements Refreshable {
  readonly element: HTMLDetailsElement;
  private readonly content: Content<T>;
  private readonly changed: () => void;
  private readonly summary: HTMLElement;
  private readonly digest = h("span", { class: "digest small muted" });
  private readonly body = h("div", { class: "section-body" }, h("p", { class: "small muted" }, words.loading));
  private readonly form = h("div", { class: "section-form" });
  private readonly problem = h("div", { class: "notice notice-bad small", role: "status", hidden: true });
  private shown = "";
  private asked = 0;
  private busy = false;
  private seconds = 0;
  private editing: EditForm | null = null;

  /** `changed` is called when a button of this section has changed something. */
  constructor(content: Content<T>, changed: () => void) {
    this.content = content;
    this.changed = changed;
    this.summary = h("summary", {}, h("h3", { class: "section-title" }, content.title), this.digest);
    this.element = h(
      "details",
      { class: "section", "data-section": content.name, toggle: () => void this.refresh() },
      this.summary,
      this.body,
      this.form,
      this.problem,
    );
  }

  get name(): string {
    return this.content.name;
  }

  /** Reads and shows; the latest question wins, and what has not changed is left alone. */
  async refresh(): Promise<void> {
    const question = ++this.asked;
    this.seconds = 0;
    try {
      const data = await this.content.read();
      if (question !== this.asked) return;
      this.look();
      const key = JSON.stringify(data);
      if (key === this.shown) return;
      this.shown = key;
      setText(this.digest, this.content.digest(data));
      const inside = this.body.contains(document.activeElement);
      refill(this.body, ...this.content.body(data));
      if (inside && !this.body.contains(document.activeElement)) this.summary.focus({ preventScroll: true }); // its button is gone
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      if (question === this.asked && this.shown === "") setText(this.digest, words.unread(error.message));
    }
  }

  look(): void {
    this.editing?.look();
  }

  tick(): void {
    if (!this.element.open || ++this.seconds < (this.content.again_s ?? AGAIN_S)) return;
    void this.refresh();
  }

  reveal(): void {
    this.element.open = true;
    this.element.scrollIntoView({ block: "start" });
    this.summary.focus({ preventScroll: true });
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
      this.problem.replaceChildren(...(this.content.explain?.(error) ?? [told(error)]));
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

  /** Opens a form that keeps in step with the job. */
  edit(editing: Editing): void {
    const form = new EditForm(
      editing,
      () => void this.submit(() => form.commit()),
      () => this.ask(null),
    );
    this.ask(form.element);
    this.editing = form;
  }

  /** Whether such a form is open; then the focus is on it. */
  resume(): boolean {
    this.editing?.element.querySelector<HTMLElement>("input, select, textarea")?.focus();
    return this.editing !== null;
  }

  /** Shows a form below, or takes it away; what is being typed survives every refresh. */
  ask(form: HTMLElement | null): void {
    this.editing = null;
    const left = form === null && this.form.contains(document.activeElement);
    this.form.replaceChildren(...(form ? [form] : []));
    show(this.problem, false);
    form?.querySelector<HTMLElement>("input, select, textarea, button")?.focus();
    if (left) this.summary.focus({ preventScroll: true }); // the form took the focus with it
  }
}

/** A refusal in words: ours as they are, the server's as such. */
export function told(problem: HttpProblem): string {
  return problem.code === "ours" ? problem.message : words.failed(problem.message);
}
