import { h, setText, show } from "../../lib/dom.ts";
import { HttpProblem } from "../../lib/http.ts";
import { smallForm } from "../forms.ts";
import type { JobDetail, JobSource } from "./detail.ts";
import { changesOf, merge, same, type Values } from "./merge.ts";
import { ours } from "./on_newest.ts";
import { edit as words } from "../words/edit.ts";

/** One thing that a form edits: its control, and its values in words. */
export interface EditField<V = unknown> {
  readonly name: string;
  /** The control under its label. */
  readonly element: HTMLElement;
  get(): V;
  set(value: V): void;
  tell(value: V): string;
}

export interface Editing {
  source: JobSource;
  /** The job as the person saw it when the form was opened. */
  seen: JobDetail;
  fields: EditField[];
  /** What the fields hold, as the server says it. */
  valuesOf(detail: JobDetail): Values;
  /** What the form is about without editing it: when it changes, the person looks again before anything is sent. */
  aboutOf?(detail: JobDetail): unknown;
  /** Kinds of job events that change these fields: they say who it was. */
  kinds: readonly string[];
  /** Controls that only go along, for example a reason. */
  more?: Node[];
  submit: string;
  /** A form that only adds something may be sent without a change. */
  adds?: boolean;
  send(changes: Record<string, unknown>, version: number): Promise<unknown>;
}

const TRIES = 4;

/**
 * A form over something that others may change meanwhile. What they change elsewhere in it appears by itself;
 * what both changed is asked about, field by field; and nothing that anybody typed is lost.
 */
export class EditForm {
  readonly element: HTMLFormElement;
  private readonly editing: Editing;
  private readonly notice = h("p", { class: "notice small", role: "status", hidden: true });
  private readonly clashes = new Map<string, HTMLElement>();
  private base: Values;
  private about: unknown;
  private version: number;
  private over = false;

  /** `submit` and `cancel` are what the section does; `submit` calls `commit`. */
  constructor(editing: Editing, submit: () => void, cancel: () => void) {
    this.editing = editing;
    const { seen, fields } = editing;
    this.version = seen.version;
    this.base = editing.valuesOf(seen);
    this.about = editing.aboutOf?.(seen);
    for (const field of fields) field.set(this.base[field.name]);
    const rows = fields.map((field) => h("div", { class: "edit-field", "data-field": field.name }, field.element));
    this.element = smallForm([this.notice, ...rows, ...(editing.more ?? [])], editing.submit, submit, cancel);
  }

  /** The job was read anew: what others changed is shown, or asked about. */
  look(): void {
    const fresh = this.editing.source.newest;
    if (this.over || fresh === null || fresh.version <= this.version) return;
    const { fields, valuesOf, aboutOf, source, kinds } = this.editing;
    const since = this.version;
    const theirs = valuesOf(fresh);
    const about = aboutOf?.(fresh);
    this.version = fresh.version;
    if (same(theirs, this.base) && same(about, this.about)) return;
    const merged = merge(this.base, this.mine(), theirs);
    for (const field of fields) if (merged.theirs.includes(field.name)) field.set(theirs[field.name]);
    this.base = theirs;
    this.about = about;
    for (const field of fields) {
      if (merged.clashes.includes(field.name)) this.ask(field, theirs[field.name]);
      else if (same(field.get(), theirs[field.name])) this.settle(field.name, null);
    }
    this.tell(words.somebody);
    void source.whoSince(since, kinds).then((who) => this.tell(who), () => undefined); // the notice stands without a name
  }

  /**
   * Sends what was changed, on the newest version as long as nobody changed the same.
   *
   * @throws HttpProblem; of code `ours` when there is something to choose or to look at first
   */
  async commit(): Promise<void> {
    const { source, adds, send, aboutOf } = this.editing;
    for (let tries = 1; ; tries++) {
      this.mustBeSettled();
      const changes = changesOf(this.base, this.mine());
      if (!adds && Object.keys(changes).length === 0) throw ours(words.nothing);
      try {
        await send(changes, this.version);
        this.over = true;
        return;
      } catch (error) {
        if (!(error instanceof HttpProblem) || error.code !== "stale_version" || tries === TRIES) throw error;
      }
      const fresh = await source.read();
      const moved = !same(aboutOf?.(fresh), this.about);
      this.look();
      if (moved) throw ours(words.lookAgain);
    }
  }

  private mine(): Values {
    return Object.fromEntries(this.editing.fields.map((field) => [field.name, field.get()]));
  }

  private tell(who: string): void {
    setText(this.notice, words.changed(who));
    show(this.notice, true);
    for (const clash of this.clashes.values()) {
      const text = clash.querySelector("p");
      if (text !== null) setText(text, words.clash(who, clash.dataset["theirs"] ?? ""));
    }
  }

  /** Both changed it: theirs is shown below mine, and one of them must be chosen. */
  private ask(field: EditField, theirs: unknown): void {
    const told = field.tell(theirs) || words.empty;
    const take = (): void => {
      field.set(theirs);
      this.settle(field.name, null);
    };
    const choose = (label: string, click: () => void): HTMLElement => h("button", { class: "button", type: "button", click }, label);
    const clash = h(
      "div",
      { class: "clash", role: "group", "aria-label": told, "data-theirs": told },
      h("p", { class: "small" }, words.clash(words.somebody, told)),
      h("div", { class: "actions" }, choose(words.takeTheirs, take), choose(words.keepMine, () => this.settle(field.name, words.kept(told)))),
    );
    this.settle(field.name, null);
    this.clashes.set(field.name, clash);
    this.rowOf(field.name).append(clash);
  }

  /** The question about a field is answered, or asks itself no longer; `kept` stays below the field. */
  private settle(name: string, kept: string | null): void {
    const row = this.rowOf(name);
    const asked = row.contains(document.activeElement) && document.activeElement?.closest(".clash") !== null;
    this.clashes.delete(name);
    for (const old of row.querySelectorAll(".clash, .kept")) old.remove();
    if (kept !== null) row.append(h("p", { class: "kept small muted" }, kept));
    if (asked) row.querySelector<HTMLElement>("input, select, textarea")?.focus();
  }

  private mustBeSettled(): void {
    const [first] = this.clashes.values();
    if (first === undefined) return;
    first.querySelector("button")?.focus();
    throw ours(words.settle);
  }

  private rowOf(name: string): HTMLElement {
    const row = this.element.querySelector<HTMLElement>(`[data-field="${name}"]`);
    if (row === null) throw new Error(`the form has no field "${name}"`);
    return row;
  }
}
