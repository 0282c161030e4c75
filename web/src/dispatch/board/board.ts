import { serverNow } from "../../lib/clock.ts";
import { byId, h, setText, show } from "../../lib/dom.ts";
import { numberFormat } from "../../lib/formatters.ts";
import { HttpProblem, type Http } from "../../lib/http.ts";
import { region } from "../../lib/region.ts";
import type { BoardStore, Changed } from "../board_store.ts";
import type { Card } from "../card.ts";
import { button } from "../forms.ts";
import { board as words } from "../words/board.ts";
import { BulkAssign } from "./bulk_assign.ts";
import { choicesOf } from "./choices.ts";
import { EndedJobs } from "./ended.ts";
import { endedWanted, queryOf, testOf, type Filter } from "./filter.ts";
import { Filters } from "./filters.ts";
import { BoardList } from "./list.ts";
import { grouped } from "./order.ts";
import { Question } from "./question.ts";
import { saveJobs } from "./save_jobs.ts";
import { Selection } from "./selection.ts";
import { Views } from "./views.ts";

/** The job board: what is asked for, the list that answers it, and what is done with many jobs at once. */
export class Board {
  private readonly http: Http;
  private readonly store: BoardStore;
  private readonly trouble: (problem: HttpProblem) => void;
  private readonly ended: EndedJobs;
  private readonly selection = new Selection();
  private readonly list: BoardList;
  private readonly filters: Filters;
  private readonly views: Views;
  private readonly question: Question;
  private readonly bulk: BulkAssign;
  private readonly all = h("input", { id: "all", type: "checkbox" });
  private readonly count = h("label", { id: "count", class: "small", for: "all" });
  private readonly bar = h("div", { id: "bulk-bar", class: "bulk-bar", role: "group", "aria-label": words.bulk.label, hidden: true });
  private readonly chosen = h("span", { class: "small" });
  private readonly empty = h("p", { id: "empty", class: "muted empty", role: "status", hidden: true });
  private readonly more = button("more", words.more, () => this.ended.readMore());
  /** Says to those who do not see the list how much there is of what they asked for. */
  private readonly told = h("p", { class: "visually-hidden", role: "status" });
  private wanted: Filter | null = null;
  private shown: readonly Card[] = [];
  private changed: Set<string> | null = null;
  private time_zone = "";
  private whole = 0;
  private unsaid = false;
  private painting = false;
  private saving = false;

  constructor(http: Http, store: BoardStore, open: (job_id: string) => void, trouble: (problem: HttpProblem) => void) {
    this.http = http;
    this.store = store;
    this.trouble = trouble;
    this.ended = new EndedJobs(http, () => this.paintSoon(null), trouble);
    this.list = new BoardList(this.selection, { open, selected: () => this.showSelection() });
    this.filters = new Filters((filter, typing) => this.question.ask(filter, typing));
    this.views = new Views(http, (id) => this.question.askView(id));
    this.question = new Question((view) => this.views.filterOf(view), () => this.asked());
    this.bulk = new BulkAssign(http, (ids) => this.done(ids));
    this.furnish();
    store.on((changed) => this.heard(changed));
    this.question.follow();
    void this.readViews();
  }

  private get filter(): Filter {
    return this.question.filter;
  }

  /** Marks the job that is shown beside the list. */
  choose(id: string | null): void {
    this.list.choose(id);
  }

  /** Time passes: what was in time is late, and tomorrow is today. */
  tick(): void {
    this.want();
    this.store.pass(serverNow());
  }

  private furnish(): void {
    const clear = button("clear", words.clear, () => this.question.ask(this.filter.sort === undefined ? {} : { sort: this.filter.sort }, false));
    byId("board-head").append(
      h("div", { class: "board-line" }, this.filters.search, this.filters.toggle),
      this.filters.panel,
      this.filters.quick,
      h("div", { class: "board-line board-count" }, h("label", { class: "job-box", for: "all" }, this.all), this.count, this.views.select),
      this.views.gone,
    );
    this.filters.panel.append(
      h("div", { class: "actions" }, clear, this.views.opener, button("csv", words.csv, () => void this.save())),
      this.views.form,
    );
    byId("jobs").before(this.told, this.empty);
    this.more.id = "more";
    byId("jobs").after(this.more, this.bar);
    this.all.addEventListener("change", () => {
      this.selection.replace(this.all.checked ? this.list.order : []);
      this.showSelection();
    });
    this.bar.append(
      this.chosen,
      button("bulk-assign", words.bulk.open, () => void this.bulk.open(this.shown.filter(({ id }) => this.selection.has(id))), true),
      button("bulk-clear", words.bulk.clear, () => this.done(this.selection.ids)),
    );
  }

  /** Something else is asked for, or under another name. */
  private asked(): void {
    const { filter, view, isOwn } = this.question;
    this.views.show(view, filter, isOwn);
    if (view !== null && this.views.isNews(view)) void this.readViews();
    if (filter === this.wanted) return;
    this.wanted = filter;
    this.unsaid = true;
    this.want();
  }

  private async readViews(): Promise<void> {
    try {
      await this.views.read();
      this.question.follow();
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      this.trouble(error);
    }
  }

  private want(): void {
    const ended = endedWanted(this.filter);
    this.ended.want(ended.length === 0 ? null : queryOf(this.filter, ended));
    this.store.want(testOf(this.filter, serverNow(), this.store.time_zone));
  }

  private heard(changed: Changed): void {
    if (this.time_zone !== this.store.time_zone) {
      this.time_zone = this.store.time_zone; // the first answer says what a day is
      return this.want();
    }
    const ended = new Set(this.ended.cards.map(({ id }) => id));
    const missed = this.whole !== this.store.whole; // after a lost connection ended jobs may have changed as well
    this.whole = this.store.whole;
    if (missed || [...(changed ?? [])].some((id) => !this.store.cards.has(id) || ended.has(id))) this.ended.refresh();
    this.paintSoon(changed);
  }

  /** Draws with the next frame, however much is heard until then; null: it may be another list altogether. */
  private paintSoon(changed: Changed): void {
    if (!this.painting) this.changed = changed === null ? null : new Set(changed);
    else if (changed === null || this.changed === null) this.changed = null;
    else for (const id of changed) this.changed.add(id);
    if (this.painting) return;
    this.painting = true;
    requestAnimationFrame(() => this.paint());
  }

  private paint(): void {
    if (this.list.pressed) return void requestAnimationFrame(() => this.paint());
    this.painting = false;
    const now_ms = serverNow();
    const active = this.store.shown();
    const known = new Set(active.map(({ id }) => id));
    this.shown = [...active, ...this.ended.cards.filter(({ id }) => !known.has(id) && !this.store.cards.has(id))];
    this.list.show(grouped(this.shown, this.filter.sort), this.changed, { now_ms, currency: this.store.currency });
    this.filters.show(this.filter, choicesOf(this.store.cards, this.filter, now_ms, this.store.time_zone));
    this.selection.keep(new Set(this.list.order));
    this.showSelection();
    show(this.more, this.ended.more);
    setText(this.empty, this.store.ready && !this.ended.waiting ? words.none(Object.keys(this.filter).length > 0) : words.loading);
    show(this.empty, this.shown.length === 0);
    byId("jobs").dataset["ready"] = String(this.store.ready);
    if (this.unsaid && this.store.ready && !this.ended.waiting) {
      this.unsaid = false;
      setText(this.told, this.counted());
    }
  }

  private counted(): string {
    return words.count(this.shown.length, numberFormat(region.locale, {}).format(this.shown.length), this.ended.more);
  }

  private showSelection(): void {
    const { size } = this.selection;
    this.list.tick();
    this.all.checked = size > 0 && size === this.list.order.length;
    this.all.indeterminate = size > 0 && !this.all.checked;
    setText(this.count, this.counted());
    setText(this.chosen, words.bulk.chosen(size));
    show(this.bar, size > 0);
  }

  /** These need not be chosen any more. */
  private done(ids: readonly string[]): void {
    for (const id of ids) this.selection.set(id, false);
    this.showSelection();
  }

  /** What is asked for as a file. */
  private async save(): Promise<void> {
    if (this.saving) return;
    this.saving = true;
    try {
      await saveJobs(this.http, this.filter, this.store.time_zone);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      this.trouble(error);
    } finally {
      this.saving = false;
    }
  }
}
