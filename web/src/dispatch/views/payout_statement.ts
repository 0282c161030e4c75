import { serverNow } from "../../lib/clock.ts";
import { h, show } from "../../lib/dom.ts";
import { money } from "../../lib/format.ts";
import { dateFormat } from "../../lib/formatters.ts";
import { region } from "../../lib/region.ts";
import { saveFile } from "../../lib/save_file.ts";
import { changed } from "../address.ts";
import { button, field } from "../forms.ts";
import type { Desk, View } from "../nav.ts";
import { payouts } from "../words/payouts.ts";
import { worded } from "../words/worded.ts";
import { daysIn, MOST_DAYS } from "./day_range.ts";
import { Frame } from "./frame.ts";
import { daysOfPeriod, PERIODS } from "./months.ts";
import { periodOf } from "./payout_rules.ts";
import type { Statement } from "./payouts_wire.ts";

const words = payouts.statements;

/** One pro's statement: what was owed, every posting that changed it, and what is owed; to read, print or keep. */
export class StatementView implements View {
  readonly element: HTMLElement;
  readonly pro_id: string;
  private readonly desk: Desk;
  private readonly frame: Frame;
  private readonly period = h("select", { id: "statement-period" });
  private readonly first = h("input", { id: "statement-from", type: "date", required: true });
  private readonly last = h("input", { id: "statement-until", type: "date", required: true });
  private readonly other = h("form", { class: "range-form", hidden: true });

  constructor(desk: Desk, pro_id: string) {
    this.desk = desk;
    this.pro_id = pro_id;
    this.frame = new Frame("statement", payouts.statement, desk);
    this.element = this.frame.element;
    this.period.append(...PERIODS.map((period) => new Option(words[period], period)), new Option(words.other, "other"));
    this.period.addEventListener("change", () => this.turn());
    this.other.append(field(words.from, this.first), field(words.until, this.last), h("button", { class: "button", type: "submit" }, words.show));
    this.other.addEventListener("submit", (event) => {
      event.preventDefault();
      this.refresh();
    });
    for (const input of [this.first, this.last]) input.addEventListener("input", () => this.limit());
    const back = h("a", { class: "button", href: changed(location.hash, { pro: null }) }, words.back);
    this.frame.tools.append(back, button("print", words.print, () => print()), button("csv", words.csv, () => void this.save()));
    this.element.querySelector(".page-head")?.after(h("div", { class: "filters" }, field(words.period, this.period), this.other));
    this.turn();
  }

  refresh(): void {
    void this.frame.read(
      () => this.desk.http.get<Statement>(this.path()),
      (statement) => this.draw(statement),
    );
  }

  /** Another period; its days are filled in, so that other days begin with them. */
  private turn(): void {
    const period = PERIODS.find((one) => one === this.period.value);
    show(this.other, period === undefined);
    if (period === undefined) return;
    const { first, last } = daysOfPeriod(period, new Date(serverNow()));
    [this.first.value, this.last.value] = [first, last];
    this.refresh();
  }

  /** What the browser itself says of days that are none, before the server has to. */
  private limit(): void {
    const days = daysIn({ first: this.first.value, last: this.last.value });
    const none = this.first.value !== "" && this.last.value !== "" && !(days >= 1 && days <= MOST_DAYS);
    this.last.setCustomValidity(none ? words.most : "");
  }

  private path(): string {
    const query = new URLSearchParams(periodOf(this.first.value, this.last.value));
    return `api/dispatch/pros/${encodeURIComponent(this.pro_id)}/statement?${query.toString()}`;
  }

  private draw(statement: Statement): (Node | null)[] {
    const said = (cents: number): string => money(cents, region, statement.currency);
    const total = (label: string, cents: number, id: string): HTMLElement =>
      h("tr", { class: "total", id }, h("th", { scope: "row", colspan: "3" }, label), h("td", {}, said(cents)));
    const rows = statement.lines.map((line) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, dated(line.posted_at)),
        h("td", { class: "text" }, [worded(words.entry, line.kind), line.service, line.reference, line.memo].filter(Boolean).join(" · ")),
        h("td", {}, said(line.amount_cents)),
        h("td", {}, said(line.balance_cents)),
      ),
    );
    const head = [words.when, words.what, words.amount, words.balance].map((label, index) => h("th", { scope: "col", class: index === 1 ? "text" : "" }, label));
    return [
      h("h2", { class: "statement-title" }, payouts.statementOf(statement.name)),
      h("p", { class: "small muted" }, `${this.dayOf(this.first)} – ${this.dayOf(this.last)} · ${words.meaning}`),
      h(
        "div",
        { class: "card wide", tabindex: "0", role: "group", "aria-label": payouts.statementOf(statement.name) },
        h(
          "table",
          { class: "figures statement" },
          h("thead", {}, h("tr", {}, ...head)),
          h("tbody", {}, total(words.opening, statement.opening_cents, "opening"), ...rows, total(words.closing, statement.closing_cents, "closing")),
        ),
        rows.length === 0 && h("p", { class: "nothing" }, words.none),
      ),
    ];
  }

  private dayOf(input: HTMLInputElement): string {
    return dateFormat(region.locale, { dateStyle: "medium" }).format(new Date(`${input.value}T12:00:00`));
  }

  private async save(): Promise<void> {
    await this.frame.act(async () => {
      const file = await this.desk.http.file(`${this.path()}&format=csv`);
      saveFile(file, `statement-${this.pro_id}-${this.first.value}-${this.last.value}.csv`);
    });
  }
}

/** A moment with its year: statements are kept for long. */
function dated(iso: string): string {
  return dateFormat(region.locale, { dateStyle: "medium", timeStyle: "short" }).format(Date.parse(iso));
}
