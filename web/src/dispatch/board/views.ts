import { h, setText, show } from "../../lib/dom.ts";
import { HttpProblem, type Http } from "../../lib/http.ts";
import { button, field } from "../forms.ts";
import { words as common } from "../words.ts";
import { board as words } from "../words/board.ts";
import { bodyOf, filterFrom, type Filter } from "./filter.ts";

/** A saved view as `GET /api/dispatch/views` gives it (what the page uses of it). */
interface View {
  id: number;
  name: string;
  filter: Record<string, unknown>;
  shared: boolean;
  owner: string;
  mine: boolean;
  may_change: boolean;
}

/** What is asked for again and again, under a name: chosen from a list, saved and changed in a small form. */
export class Views {
  readonly select = h("select", { id: "view-select", "aria-label": words.views.label });
  readonly opener = h("button", { id: "view-save", class: "button", type: "button", "aria-expanded": "false", "aria-controls": "view-form" }, words.views.save);
  readonly gone = h("p", { class: "notice small", role: "status", hidden: true });
  readonly form = h("form", { id: "view-form", class: "small-form", hidden: true });
  private readonly http: Http;
  private readonly chosen: (id: string | null) => void;
  private readonly name = h("input", { required: true, maxlength: "60", autocomplete: "off" });
  private readonly shared = h("input", { type: "checkbox" });
  private readonly problem = h("p", { class: "notice notice-bad small", role: "alert", hidden: true });
  private readonly actions = h("div", { class: "actions" });
  private views: readonly View[] = [];
  private id: string | null = null;
  private filter: Filter = {};
  private ready = false;
  /** The view that the list was read again for, because it was not in it. */
  private lookedFor: string | null = null;
  private busy = false;

  /** `chosen` is called with the view that somebody picked, saved, or (null) left. */
  constructor(http: Http, chosen: (id: string | null) => void) {
    this.http = http;
    this.chosen = chosen;
    this.select.addEventListener("change", () => this.chosen(this.select.value || null));
    this.opener.addEventListener("click", () => this.open(this.form.hidden !== false));
    this.form.append(field(words.views.name, this.name), h("label", { class: "tick" }, this.shared, words.views.shared), this.actions, this.problem);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.save(this.changeable());
    });
    this.form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault(); // the filters around it stay
      this.open(false, true);
    });
    this.list();
  }

  /** The filter of a view; null: there is no such view (any more), or it has not been read yet. */
  filterOf(id: string): Filter | null {
    const view = this.find(id);
    return view === null ? null : filterFrom((key) => (view.filter[key] === undefined ? null : String(view.filter[key])));
  }

  /** Whether a view was named that may have been made since the views were read; says so of each one once. */
  isNews(id: string): boolean {
    if (!this.ready || this.find(id) !== null || this.lookedFor === id) return false;
    this.lookedFor = id;
    return true;
  }

  /** @throws HttpProblem */
  async read(): Promise<void> {
    this.views = (await this.http.get<{ views: View[] }>("api/dispatch/views")).views;
    this.ready = true;
    this.list();
  }

  /** Shows which view is looked at, and the filter that would be saved; `differs` from the view's own. */
  show(id: string | null, filter: Filter, differs: boolean): void {
    this.id = id;
    this.filter = filter;
    this.select.value = id !== null && this.find(id) !== null ? id : "";
    setText(this.opener, id !== null && !differs ? words.views.edit : words.views.save);
    setText(this.gone, words.views.gone);
    show(this.gone, this.ready && id !== null && this.find(id) === null);
    this.opener.classList.toggle("has-news", differs);
  }

  private list(): void {
    const group = (label: string, views: View[]): HTMLElement | null => {
      if (views.length === 0) return null;
      const options = views.map((view) => new Option(view.mine ? view.name : words.views.of(view.name, view.owner), String(view.id)));
      return h("optgroup", { label }, ...options);
    };
    const mine = group(words.views.mine, this.views.filter((view) => view.mine));
    const others = group(words.views.others, this.views.filter((view) => !view.mine));
    this.select.replaceChildren(new Option(words.views.none, ""), ...[mine, others].filter((one) => one !== null));
    this.select.value = this.id !== null && this.find(this.id) !== null ? this.id : "";
  }

  private find(id: string): View | null {
    return this.views.find((view) => String(view.id) === id) ?? null;
  }

  /** The view that is looked at, when this person may change it. */
  private changeable(): View | null {
    const view = this.id === null ? null : this.find(this.id);
    return view?.may_change === true ? view : null;
  }

  private open(open: boolean, back = false): void {
    show(this.form, open);
    this.opener.setAttribute("aria-expanded", String(open));
    show(this.problem, false);
    if (!open) return back ? this.opener.focus() : undefined;
    const view = this.changeable();
    this.name.value = view?.name ?? "";
    this.shared.checked = view?.shared ?? false;
    this.actions.replaceChildren(
      h("button", { class: "button button-main", type: "submit" }, view === null ? words.views.add : words.views.replace),
      ...(view === null ? [] : [button("view-add", words.views.addNew, () => void this.addNew()), button("view-remove", words.views.remove, () => this.askRemove(view))]),
      button("view-back", common.cancel, () => this.open(false, true)),
    );
    this.name.focus();
  }

  private addNew(): void {
    if (this.form.reportValidity()) void this.save(null);
  }

  private save(view: View | null): Promise<void> {
    const body = { name: this.name.value.trim(), filter: bodyOf(this.filter), shared: this.shared.checked };
    return this.act(async () => {
      const path = "api/dispatch/views";
      const saved = view === null ? await this.http.post<{ view: View }>(path, body) : await this.http.put<{ view: View }>(`${path}/${view.id}`, body);
      return String(saved.view.id);
    });
  }

  /** There is no way back from a removed view, and others may use a shared one: it takes a second tap. */
  private askRemove(view: View): void {
    const sure = button("view-sure", words.views.sure(view.name), () => void this.act(async () => {
      await this.http.remove(`api/dispatch/views/${view.id}`);
      return null;
    }));
    this.actions.replaceChildren(sure, button("view-back", common.cancel, () => this.open(false, true)));
    sure.focus();
  }

  private async act(work: () => Promise<string | null>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      const id = await work();
      await this.read();
      this.open(false, true);
      this.chosen(id);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      setText(this.problem, common.failed(error.message));
      show(this.problem, true);
    } finally {
      this.busy = false;
    }
  }
}
