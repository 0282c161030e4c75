/** A signature while it is drawn. Pure: points come in, strokes come out. */

export type StrokePoint = [x: number, y: number];

/** The server takes at most so many points (tracker/evidence/strokes.py). */
export const MAX_POINTS = 8_000;
/** Fewer are a touch by accident. */
export const MIN_POINTS = 4;
/** A finger's tremble: nearer points add nothing. */
const NEAREST = 1.2;

export class Strokes {
  readonly strokes: StrokePoint[][] = [];
  private points = 0;
  private readonly width: number;
  private readonly height: number;

  /** On a canvas of this size, in the canvas's own unit. */
  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
  }

  begin(x: number, y: number): void {
    if (this.points >= MAX_POINTS) return;
    this.strokes.push([this.inside(x, y)]);
    this.points++;
  }

  /** The line that is new; null when the point adds none. */
  go(x: number, y: number): [from: StrokePoint, to: StrokePoint] | null {
    const stroke = this.strokes.at(-1);
    const from = stroke?.at(-1);
    if (stroke === undefined || from === undefined || this.points >= MAX_POINTS) return null;
    const to = this.inside(x, y);
    if (Math.hypot(to[0] - from[0], to[1] - from[1]) < NEAREST) return null;
    stroke.push(to);
    this.points++;
    return [from, to];
  }

  clear(): void {
    this.strokes.length = 0;
    this.points = 0;
  }

  get isSignature(): boolean {
    return this.points >= MIN_POINTS;
  }

  /** A finger may leave the canvas while it draws; tenths are finer than any finger. */
  private inside(x: number, y: number): StrokePoint {
    const within = (value: number, most: number): number => Math.round(Math.min(most, Math.max(0, value)) * 10) / 10;
    return [within(x, this.width), within(y, this.height)];
  }
}
