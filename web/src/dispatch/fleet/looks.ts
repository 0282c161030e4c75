import type { Contact } from "../../lib/wire.ts";
import { palette } from "../../map/palette.ts";
import { groupRadius, jobsIn, prosIn, type Counts, type JobLayer, type LayerName } from "./layers.ts";

/**
 * How things look on the fleet map. Each state differs in its shape too, for those who cannot tell the colours
 * apart: live is filled, delayed is a broken ring, lost is a hollow ring with a cross; a job without a pro is a
 * hollow square, a late one a diamond with an exclamation mark.
 */

/** Side of a sprite, CSS pixels. */
export const SPRITE_PX = 32;
const MIDDLE = SPRITE_PX / 2;
const FULL = Math.PI * 2;

export type SpriteName = LayerName | "arrow";

/** Drawings of single things, made once per colour scheme and density: a frame only copies them. */
export class Sprites {
  private readonly made = new Map<SpriteName, HTMLCanvasElement>();

  get(name: SpriteName): HTMLCanvasElement {
    const known = this.made.get(name);
    if (known !== undefined) return known;
    const sprite = swatch(name);
    this.made.set(name, sprite);
    return sprite;
  }

  /** The colours changed. */
  forget(): void {
    this.made.clear();
  }
}

/** A thing alone, as the legend shows it. */
export function swatch(name: SpriteName): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  const density = Math.min(2, devicePixelRatio || 1);
  canvas.width = canvas.height = SPRITE_PX * density;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(density, density);
  PAINTERS[name](context);
  return canvas;
}

type Painter = (context: CanvasRenderingContext2D) => void;

const PAINTERS: Record<SpriteName, Painter> = {
  live: (context) => disc(context, palette().fleet_live, palette().fleet_edge),
  delayed: (context) => {
    disc(context, palette().surface, palette().fleet_edge);
    ring(context, palette().fleet_delayed, [5.2, 3]);
    dot(context, palette().fleet_delayed, 4.2);
  },
  lost: (context) => {
    disc(context, palette().surface, palette().fleet_edge);
    ring(context, palette().fleet_lost, []);
    cross(context, palette().fleet_lost);
  },
  arrow: (context) => {
    context.beginPath();
    context.moveTo(MIDDLE, 1.5);
    context.lineTo(MIDDLE + 6.5, 10);
    context.lineTo(MIDDLE - 6.5, 10);
    context.closePath();
    fill(context, palette().text, palette().fleet_edge, 3);
  },
  open: (context) => {
    square(context, 7);
    fill(context, palette().surface, palette().fleet_edge, 6);
    square(context, 6);
    fill(context, palette().surface, palette().warn, 3);
  },
  planned: (context) => {
    square(context, 6.5);
    fill(context, palette().muted, palette().fleet_edge, 3);
  },
  moving: (context) => {
    square(context, 6.5);
    fill(context, palette().accent, palette().fleet_edge, 3);
  },
  late: (context) => {
    context.save();
    context.translate(MIDDLE, MIDDLE);
    context.rotate(Math.PI / 4);
    context.translate(-MIDDLE, -MIDDLE);
    square(context, 9);
    fill(context, palette().fleet_lost, palette().fleet_edge, 3);
    context.restore();
    write(context, "!", MIDDLE, MIDDLE + 0.5, palette().fleet_edge, 14);
  },
};

function disc(context: CanvasRenderingContext2D, colour: string, edge: string): void {
  context.beginPath();
  context.arc(MIDDLE, MIDDLE, 8, 0, FULL);
  fill(context, colour, edge, 4);
}

function dot(context: CanvasRenderingContext2D, colour: string, radius: number): void {
  context.beginPath();
  context.arc(MIDDLE, MIDDLE, radius, 0, FULL);
  context.fillStyle = colour;
  context.fill();
}

function ring(context: CanvasRenderingContext2D, colour: string, dash: number[]): void {
  context.beginPath();
  context.arc(MIDDLE, MIDDLE, 7, 0, FULL);
  context.lineWidth = 2.5;
  context.strokeStyle = colour;
  context.setLineDash(dash);
  context.stroke();
  context.setLineDash([]);
}

function cross(context: CanvasRenderingContext2D, colour: string): void {
  context.beginPath();
  for (const side of [-3, 3]) {
    context.moveTo(MIDDLE - 3, MIDDLE + side);
    context.lineTo(MIDDLE + 3, MIDDLE - side);
  }
  context.lineWidth = 2.5;
  context.strokeStyle = colour;
  context.stroke();
}

function square(context: CanvasRenderingContext2D, half: number): void {
  context.beginPath();
  context.roundRect(MIDDLE - half, MIDDLE - half, 2 * half, 2 * half, 3);
}

/** The edge lies under the filling, so that it is seen outside only. */
function fill(context: CanvasRenderingContext2D, colour: string, edge: string, width: number): void {
  context.lineWidth = width;
  context.lineJoin = "round";
  context.strokeStyle = edge;
  context.stroke();
  context.fillStyle = colour;
  context.fill();
}

function write(context: CanvasRenderingContext2D, text: string, x: number, y: number, colour: string, size: number): void {
  context.font = `700 ${size}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

/** A group's own drawing; its middle is in the middle. */
export function groupSprite(counts: Counts): HTMLCanvasElement {
  const radius = groupRadius(prosIn(counts) + jobsIn(counts));
  const half = radius + 14;
  const density = Math.min(2, devicePixelRatio || 1);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.ceil(2 * half * density);
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(density, density);
  context.translate(half, half);
  const [pros, jobs] = [prosIn(counts), jobsIn(counts)];
  if (pros > 0) proGroup(context, radius, counts, pros);
  if (pros === 0) jobGroup(context, radius, counts, jobs);
  else if (jobs > 0) badge(context, radius * 0.72, radius * 0.78, String(jobs), counts.late > 0 ? palette().fleet_lost : palette().muted, 3);
  if (counts.lost > 0) badge(context, radius * 0.72, -radius * 0.78, "×", palette().fleet_lost, 9);
  return canvas;
}

/** A disc with the number of pros; its ring has a share for each state of the signal, the worst never too small to see. */
function proGroup(context: CanvasRenderingContext2D, radius: number, counts: Counts, pros: number): void {
  context.beginPath();
  context.arc(0, 0, radius, 0, FULL);
  fill(context, palette().surface, palette().fleet_edge, 5);
  const { fleet_live, fleet_delayed, fleet_lost } = palette();
  const states: [Contact, string, number[]][] = [["lost", fleet_lost, []], ["delayed", fleet_delayed, [4, 3]], ["live", fleet_live, []]];
  const present = states.filter(([state]) => counts[state] > 0);
  const least = present.length > 1 ? 0.12 : 0;
  const spare = 1 - least * present.length;
  let from = -Math.PI / 2;
  for (const [state, colour, dash] of present) {
    const until = from + FULL * (least + (spare * counts[state]) / pros);
    context.beginPath();
    context.arc(0, 0, radius - 2, from, until);
    context.lineWidth = 4;
    context.strokeStyle = colour;
    context.setLineDash(dash);
    context.stroke();
    from = until;
  }
  context.setLineDash([]);
  write(context, String(pros), 0, 0.5, palette().text, radius > 20 ? 14 : 13);
}

const JOB_COLOUR: Record<JobLayer, () => string> = {
  late: () => palette().fleet_lost,
  open: () => palette().warn,
  moving: () => palette().accent,
  planned: () => palette().muted,
};

/** A square with the number of jobs; its edge is that of the most urgent. */
function jobGroup(context: CanvasRenderingContext2D, radius: number, counts: Counts, jobs: number): void {
  const half = radius * 0.84;
  const urgent = (Object.keys(JOB_COLOUR) as JobLayer[]).find((layer) => counts[layer] > 0) ?? "planned";
  context.beginPath();
  context.roundRect(-half, -half, 2 * half, 2 * half, 6);
  fill(context, palette().surface, palette().fleet_edge, 7);
  context.lineWidth = 3;
  context.strokeStyle = JOB_COLOUR[urgent]();
  context.stroke();
  write(context, String(jobs), 0, 0.5, palette().text, 13);
  if (counts.late > 0) badge(context, half, -half, "!", palette().fleet_lost, 3);
}

function badge(context: CanvasRenderingContext2D, x: number, y: number, text: string, colour: string, corner: number): void {
  const half = Math.max(8, 4 + text.length * 3.6);
  context.beginPath();
  context.roundRect(x - half, y - 8, 2 * half, 16, corner);
  fill(context, colour, palette().surface, 2.5);
  write(context, text, x, y + 0.5, palette().surface, 11);
}
