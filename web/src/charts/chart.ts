import { h, refill, setText, show } from "../lib/dom.ts";
import { drawing, margins, type Drawing } from "./drawing.ts";
import type { Kind } from "./scale.ts";
import { bandAt, type Value } from "./shapes.ts";
import { words } from "./words.ts";

/** One row of values, a value per day. Bars of one chart stand on each other; lines do not. */
export interface Series {
  label: string;
  mark: "bar" | "line";
  /** Which of the four colours; a line of tone 3 or 4 is dashed as well. */
  tone: 1 | 2 | 3 | 4;
  values: Value[];
}

export interface Chart {
  title: string;
  /** One sentence: what is counted, and how. */
  meaning: string;
  kind: Kind;
  /** What stands on the axis. */
  tick(value: number): string;
  /** What is said of one day. */
  say(value: number): string;
  series: Series[];
}

/** The days of all charts beside each other, as people read them. */
export interface Days {
  /** On the axis: "21 Nov". */
  short: string[];
  /** In the table and over the chart: "Sat 21 Nov". */
  long: string[];
}

/** A chart with its legend, the values of the day under the pointer or the arrow keys, and all values as a table. */
export class ChartFigure {
  readonly element: HTMLElement;
  private readonly chart: Chart;
  private readonly days: Days;
  private readonly plot = h("div", { class: "chart-plot", tabindex: "0", role: "group" });
  private readonly said = h("p", { class: "chart-said small", "aria-live": "polite" });
  private readonly resized = new ResizeObserver(() => this.draw());
  private drawn: Drawing | null = null;
  private width = 0;
  /** The day that is looked at; null: none. */
  private day: number | null = null;

  constructor(chart: Chart, days: Days) {
    this.chart = chart;
    this.days = days;
    const empty = chart.series.every(({ values }) => values.every((value) => value === null || value === 0));
    this.element = h(
      "figure",
      { class: "chart" },
      h("figcaption", {}, h("h2", {}, chart.title), h("p", { class: "small muted" }, chart.meaning)),
      ...(empty ? [h("p", { class: "chart-empty muted" }, words.nothing)] : [this.legend(), this.plot, this.said, this.table()]),
    );
    if (empty) return;
    this.plot.setAttribute("aria-label", `${chart.title}. ${words.keys}`);
    this.plot.addEventListener("pointermove", (event) => this.look(this.dayAt(event)));
    this.plot.addEventListener("pointerdown", (event) => this.look(this.dayAt(event)));
    this.plot.addEventListener("pointerleave", () => this.look(null));
    this.plot.addEventListener("blur", () => this.look(null));
    this.plot.addEventListener("keydown", (event) => this.key(event));
    this.resized.observe(this.plot);
    this.look(null);
  }

  /** The chart is taken off the page. */
  remove(): void {
    this.resized.disconnect();
    this.element.remove();
  }

  /** Drawn anew for the width that there is: letters keep their size. */
  private draw(): void {
    const width = Math.floor(this.plot.clientWidth);
    if (width === 0 || width === this.width) return;
    this.width = width;
    this.drawn = drawing(this.chart, this.days, width);
    this.plot.replaceChildren(this.drawn.svg);
    this.drawn.mark(this.day);
  }

  private dayAt(event: PointerEvent): number {
    const { left, right } = margins(this.chart, this.width);
    return bandAt(event.clientX - this.plot.getBoundingClientRect().left, this.days.long.length, left, right);
  }

  private key(event: KeyboardEvent): void {
    const last = this.days.long.length - 1;
    const from = this.day ?? last + 1;
    const to: Record<string, number | null> = { ArrowLeft: Math.max(0, from - 1), ArrowRight: Math.min(last, from + 1), Home: 0, End: last, Escape: null };
    const day = to[event.key];
    if (day === undefined) return;
    event.preventDefault();
    this.look(day);
  }

  private look(day: number | null): void {
    this.day = day;
    this.drawn?.mark(day);
    setText(this.said, day === null ? " " : this.of(day));
  }

  /** "Sat 21 Nov: Median 12 min · 9 of 10 within 31 min" */
  private of(day: number): string {
    const values = this.chart.series.map(({ label, values }) => `${label} ${this.text(values[day] ?? null)}`);
    return `${this.days.long[day] ?? ""}: ${values.join(" · ")}`;
  }

  private text(value: Value): string {
    return value === null ? words.unknown : this.chart.say(value);
  }

  private legend(): HTMLElement {
    const entry = ({ label, mark, tone }: Series): HTMLElement =>
      h("li", { class: "small" }, h("span", { class: `chart-key chart-key-${mark}`, "data-tone": String(tone), "aria-hidden": "true" }), label);
    const legend = h("ul", { class: "chart-legend" }, ...this.chart.series.map(entry));
    show(legend, this.chart.series.length > 1);
    return legend;
  }

  /** All values, for who would rather read; made when somebody opens it. */
  private table(): HTMLElement {
    const place = h("div", { class: "chart-table", tabindex: "0", role: "group", "aria-label": this.chart.title });
    const fill = (): void => {
      if (place.childElementCount > 0) return;
      const head = [words.day, ...this.chart.series.map(({ label }) => label)].map((label) => h("th", { scope: "col" }, label));
      const rows = this.days.long.map((day, index) =>
        h("tr", {}, h("th", { scope: "row" }, day), ...this.chart.series.map(({ values }) => h("td", {}, this.text(values[index] ?? null)))),
      );
      refill(place, h("table", { class: "figures small" }, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows.reverse())));
    };
    return h("details", { toggle: fill }, h("summary", { class: "small" }, words.table), place);
  }
}
