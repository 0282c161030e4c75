/** Where bars and lines go. Pure: values in, pixels out. */

/** A day without a figure is null: nothing is drawn there, which is not the same as zero. */
export type Value = number | null;

export interface Band {
  /** Left edge of the day's column. */
  x: number;
  /** Its middle. */
  middle: number;
  width: number;
}

/** The columns of `count` days between two edges. */
export function bands(count: number, left_px: number, right_px: number): Band[] {
  const width = (right_px - left_px) / Math.max(1, count);
  return Array.from({ length: count }, (_, index) => ({ x: left_px + index * width, middle: left_px + (index + 0.5) * width, width }));
}

/** The day under a point; outside of the chart it is the nearest. */
export function bandAt(x_px: number, count: number, left_px: number, right_px: number): number {
  const index = Math.floor(((x_px - left_px) / (right_px - left_px)) * count);
  return Math.min(count - 1, Math.max(0, index));
}

/** From where to where each series' part of each day's bar reaches; what is below zero hangs from it. */
export function stacked(series: readonly (readonly Value[])[]): { from: number; to: number }[][] {
  const days = series[0]?.length ?? 0;
  const above = new Array<number>(days).fill(0);
  const below = new Array<number>(days).fill(0);
  return series.map((values) =>
    values.map((value, day) => {
      const size = value ?? 0;
      const side = size < 0 ? below : above;
      const from = side[day] ?? 0;
      side[day] = from + size;
      return { from, to: from + size };
    }),
  );
}

/** An SVG path through the points; a gap breaks it. */
export function linePath(points: readonly ({ x: number; y: number } | null)[]): string {
  let path = "";
  let drawing = false;
  for (const point of points) {
    if (point !== null) path += `${drawing ? "L" : "M"}${point.x.toFixed(1)} ${point.y.toFixed(1)}`;
    drawing = point !== null;
  }
  return path;
}

/** Points that no line touches, because the days beside them say nothing: they need a dot of their own. */
export function lonePoints<P>(points: readonly (P | null)[]): P[] {
  return points.filter((point, index): point is P => point !== null && (points[index - 1] ?? null) === null && (points[index + 1] ?? null) === null);
}
