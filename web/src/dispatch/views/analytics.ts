import { ChartFigure, type Days } from "../../charts/chart.ts";
import { h, show } from "../../lib/dom.ts";
import { money } from "../../lib/format.ts";
import { dateFormat } from "../../lib/formatters.ts";
import { HttpProblem } from "../../lib/http.ts";
import { region } from "../../lib/region.ts";
import { saveFile } from "../../lib/save_file.ts";
import { button, field } from "../forms.ts";
import type { Desk, View } from "../nav.ts";
import { analytics as words } from "../words/analytics.ts";
import { nav } from "../words/nav.ts";
import { status } from "../words/status.ts";
import { worded } from "../words/worded.ts";
import { plain } from "./amounts.ts";
import { chartsOf } from "./analytics_charts.ts";
import { tilesOf } from "./analytics_tiles.ts";
import type { Figures, Report } from "./analytics_wire.ts";
import { daysIn, daysUpTo, isRange, MOST_DAYS, rangeBefore, type DayRange } from "./day_range.ts";
import { Frame } from "./frame.ts";

const PRESETS = [7, 30, 90];
/** A report of a large company is work for the server; younger than this it is not asked for again by itself. */
const FRESH_MS = 60_000;

/** The company's figures: a range of days in one look, as charts, and as a file. */
export class Analytics implements View {
  readonly element: HTMLElement;
  private readonly desk: Desk;
  private readonly frame: Frame;
  private readonly first = h("input", { type: "date", id: "figures-from", required: true });
  private readonly last = h("input", { type: "date", id: "figures-to", required: true });
  private readonly custom = h("form", { class: "range-form", hidden: true });
  private readonly chosen: HTMLInputElement[];
  private charts: ChartFigure[] = [];
  /** Either so many days up to the company's today, or these. */
  private range: number | DayRange = 30;
  /** The company's today, once a report has said it. */
  private today: string | null = null;
  private shown: DayRange | null = null;
  private read_ms = 0;
  private before: { of: string; figures: Figures } | null = null;

  constructor(desk: Desk) {
    this.desk = desk;
    this.frame = new Frame("figures", nav.figures, desk);
    this.element = this.frame.element;
    this.chosen = [...PRESETS.map((days) => this.choice(String(days))), this.choice("custom")];
    const picker = h(
      "fieldset",
      { class: "segments" },
      h("legend", { class: "visually-hidden" }, words.range),
      ...this.chosen.map((input) => h("label", {}, input, h("span", {}, input.value === "custom" ? words.custom : words.days(Number(input.value))))),
    );
    this.custom.append(field(words.from, this.first), field(words.until, this.last), h("button", { class: "button", type: "submit" }, words.show));
    this.custom.addEventListener("submit", (event) => {
      event.preventDefault();
      this.pick({ first: this.first.value, last: this.last.value });
    });
    for (const input of [this.first, this.last]) input.addEventListener("input", () => this.limit());
    this.frame.tools.append(picker, button("csv", words.csv, () => void this.save()));
    this.element.querySelector(".page-head")?.after(this.custom);
  }

  refresh(): void {
    if (Date.now() - this.read_ms > FRESH_MS) this.read();
  }

  private read(): void {
    this.read_ms = Date.now();
    void this.frame.read(
      () => this.report(),
      (report) => this.draw(report),
    );
  }

  private choice(value: string): HTMLInputElement {
    const input = h("input", { type: "radio", name: "figures-days", value, ...(value === "30" ? { checked: true } : {}) });
    input.addEventListener("change", () => {
      show(this.custom, value === "custom");
      if (value === "custom") this.limit();
      else this.pick(Number(value));
    });
    return input;
  }

  private pick(range: number | DayRange): void {
    if (typeof range !== "number" && !isRange(range)) return; // the browser has said why
    this.range = range;
    this.read();
  }

  /** What the browser itself says of days that are none, before the server has to. */
  private limit(): void {
    const { value: first } = this.first;
    this.last.min = first;
    this.last.setCustomValidity(first !== "" && this.last.value !== "" && !isRange({ first, last: this.last.value }) ? words.most(MOST_DAYS) : "");
  }

  /** The last so many days are the company's: which day it is there, only the server knows. */
  private async report(): Promise<Report> {
    if (typeof this.range !== "number") return this.ask(this.range);
    const { range: days } = this;
    const report = await this.desk.http.get<Report>(this.today === null ? "api/dispatch/analytics" : this.path(daysUpTo(this.today, days), true));
    this.today = report.to;
    const wanted = daysUpTo(report.to, days);
    return report.from === wanted.first ? report : this.ask(wanted);
  }

  private ask(range: DayRange): Promise<Report> {
    return this.desk.http.get<Report>(this.path(range));
  }

  private path({ first, last }: DayRange, upToToday = false): string {
    const query = new URLSearchParams({ from: first, ...(upToToday ? {} : { to: last }) });
    return `api/dispatch/analytics?${query.toString()}`;
  }

  private draw(report: Report): (Node | null)[] {
    const shown = { first: report.from, last: report.to };
    this.shown = shown;
    if (typeof this.range === "number") [this.first.value, this.last.value] = [shown.first, shown.last];
    for (const chart of this.charts) chart.remove();
    const days = daysOf(report);
    const charts = isEmpty(report.total) ? [] : chartsOf(report);
    this.charts = charts.map((chart) => new ChartFigure(chart, days));
    const key = `${shown.first}/${shown.last}`;
    const tiles = h("div", {}, tilesOf(report, this.before?.of === key ? this.before.figures : null, daysIn(shown)));
    if (this.before?.of !== key) void this.compare(report, shown, key, tiles);
    return [
      h("p", { class: "muted" }, `${days.long[0] ?? ""} – ${days.long.at(-1) ?? ""} · ${words.zone(report.time_zone)}`),
      tiles,
      charts.length === 0 ? nothing() : null,
      h("div", { class: "charts" }, ...this.charts.map(({ element }) => element), present(report)),
    ];
  }

  /** The days before are read when the figures stand already: nobody waits for the comparison. */
  private async compare(report: Report, shown: DayRange, key: string, tiles: HTMLElement): Promise<void> {
    try {
      const before = await this.ask(rangeBefore(shown));
      this.before = { of: key, figures: before.total };
      if (tiles.isConnected) tiles.replaceChildren(tilesOf(report, before.total, daysIn(shown)));
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error; // without it the figures are still true
    }
  }

  private async save(): Promise<void> {
    const range = this.shown;
    if (range === null) return; // nothing is shown that could be saved
    await this.frame.act(async () => {
      saveFile(await this.desk.http.file(`${this.path(range)}&format=csv`), `figures-${range.first}-${range.last}.csv`);
    });
  }
}

/** Days of the company's as people read them; they have no time zone any more. */
function daysOf(report: Report): Days {
  const said = (options: Intl.DateTimeFormatOptions): string[] => {
    const format = dateFormat(region.locale, { ...options, timeZone: "UTC" });
    return report.days.map(({ day }) => format.format(Date.parse(day)));
  };
  return { short: said({ day: "numeric", month: "short" }), long: said({ weekday: "short", day: "numeric", month: "short", year: "numeric" }) };
}

function isEmpty({ jobs, claims, arrivals, money, ratings, messages }: Figures): boolean {
  const counts = [jobs.created, jobs.completed, jobs.cancelled, claims.claimed, arrivals.arrivals, ratings.count, messages.jobs];
  return counts.every((count) => count === 0) && money.captured_cents === 0 && money.refunded_cents === 0 && money.paid_out_cents === 0;
}

function nothing(): HTMLElement {
  return h("div", { class: "nothing" }, h("p", {}, words.none), h("p", { class: "muted" }, words.noneMore));
}

/** What is so at this moment, whatever the range. */
function present(report: Report): HTMLElement {
  const rows: [string, string][] = [
    [words.owed, money(report.payouts_due_cents, region, report.currency)],
    ...Object.entries(report.statuses).map(([name, jobs]): [string, string] => [words.jobsNow(worded(status.status, name)), plain(jobs, region)]),
  ];
  return h(
    "section",
    { class: "card" },
    h("h2", {}, words.now),
    h("dl", { class: "present" }, ...rows.map(([term, value]) => h("div", {}, h("dt", { class: "small muted" }, term), h("dd", {}, value)))),
  );
}
