import type { Chart, Days, Series } from "./chart.ts";
import { labelledDays, place, scaleFor, type Scale } from "./scale.ts";
import { bands, linePath, lonePoints, stacked, type Band, type Value } from "./shapes.ts";
import { s } from "./svg.ts";
import { words } from "./words.ts";

export interface Drawing {
  svg: SVGSVGElement;
  /** Marks a day; null takes the mark away. */
  mark(day: number | null): void;
}

const HEIGHT = 190;
const TOP = 10;
const BOTTOM = HEIGHT - 24;
const LETTER_PX = 6.6; // of 12 px type, on average
const DAY_LABEL_PX = 62;
/** Above this many days single points of a line would be a string of beads. */
const MOST_DOTS = 31;

/** Where the drawing's columns begin and end: the axis takes the room of its longest label. */
export function margins(chart: Chart, width: number): { left: number; right: number } {
  const longest = Math.max(...scaleOf(chart).ticks.map((tick) => chart.tick(tick).length));
  return { left: Math.ceil(longest * LETTER_PX) + 10, right: width - 6 };
}

/** The chart as an SVG of this width. */
export function drawing(chart: Chart, days: Days, width: number): Drawing {
  const { left, right } = margins(chart, width);
  const scale = scaleOf(chart);
  const columns = bands(days.long.length, left, right);
  const y = (value: number): number => place(value, scale, BOTTOM, TOP);
  const cursor = s("rect", { class: "chart-cursor", y: TOP, height: BOTTOM - TOP, rx: 3, visibility: "hidden" });
  const summary = words.summary(chart.title, days.long[0] ?? "", days.long.at(-1) ?? "");
  const svg = s(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": summary },
    ...axis(chart, scale, left, right, y),
    ...dayLabels(days, columns, right - left),
    cursor,
    ...bars(chart, columns, y),
    ...chart.series.filter(({ mark }) => mark === "line").flatMap((series) => line(series, columns, y)),
    s("line", { class: "chart-zero", x1: left, x2: right, y1: y(Math.max(0, scale.low)), y2: y(Math.max(0, scale.low)) }),
  );
  return {
    svg,
    mark(day) {
      const column = day === null ? undefined : columns[day];
      cursor.setAttribute("visibility", column ? "visible" : "hidden");
      if (!column) return;
      const wide = Math.max(column.width, 3);
      cursor.setAttribute("x", String(column.middle - wide / 2));
      cursor.setAttribute("width", String(wide));
    },
  };
}

/** Bars are piled up: the axis must hold the pile, not only its highest part. */
function scaleOf(chart: Chart): Scale {
  const piles = stacked(barsOf(chart).map(({ values }) => values)).flatMap((parts) => parts.map(({ to }) => to));
  const lines = chart.series.filter(({ mark }) => mark === "line").flatMap(({ values }) => values);
  return scaleFor([...piles, ...lines.filter((value): value is number => value !== null)], chart.kind);
}

function barsOf(chart: Chart): Series[] {
  return chart.series.filter(({ mark }) => mark === "bar");
}

function axis(chart: Chart, scale: Scale, left: number, right: number, y: (value: number) => number): SVGElement[] {
  return scale.ticks.flatMap((tick) => [
    s("line", { class: "chart-grid", x1: left, x2: right, y1: y(tick), y2: y(tick) }),
    s("text", { class: "chart-label", x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, chart.tick(tick)),
  ]);
}

function dayLabels(days: Days, columns: Band[], width: number): SVGElement[] {
  return labelledDays(columns.length, width, DAY_LABEL_PX).flatMap((day) => {
    const column = columns[day];
    if (!column) return [];
    // The last label ends with its column, so that it does not hang over the edge.
    const last = day === columns.length - 1 && column.width < DAY_LABEL_PX;
    const x = last ? column.x + column.width : column.middle;
    return [s("text", { class: "chart-label", x, y: HEIGHT - 6, "text-anchor": last ? "end" : "middle" }, days.short[day] ?? "")];
  });
}

function bars(chart: Chart, columns: Band[], y: (value: number) => number): SVGElement[] {
  const shown = barsOf(chart);
  const gap = (width: number): number => (width > 6 ? width * 0.22 : width > 3 ? 1 : 0);
  return stacked(shown.map(({ values }) => values)).flatMap((parts, index) =>
    parts.flatMap(({ from, to }, day) => {
      const column = columns[day];
      if (!column || from === to) return [];
      const [top, bottom] = [y(Math.max(from, to)), y(Math.min(from, to))];
      const inset = gap(column.width) / 2;
      const size = { x: column.x + inset, width: column.width - 2 * inset, y: top, height: Math.max(1, bottom - top) };
      return [s("rect", { class: "chart-bar", "data-tone": shown[index]?.tone ?? 1, ...size })];
    }),
  );
}

function line(series: Series, columns: Band[], y: (value: number) => number): SVGElement[] {
  const points = series.values.map((value: Value, day) => {
    const column = columns[day];
    return value === null || !column ? null : { x: column.middle, y: y(value) };
  });
  const dots = points.length <= MOST_DOTS ? points.filter((point) => point !== null) : lonePoints(points);
  return [
    s("path", { class: "chart-line", "data-tone": series.tone, d: linePath(points) }),
    ...dots.map((point) => s("circle", { class: "chart-dot", "data-tone": series.tone, cx: point.x, cy: point.y, r: 2.6 })),
  ];
}
