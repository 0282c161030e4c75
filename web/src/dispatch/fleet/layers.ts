import type { Contact } from "../../lib/wire.ts";
import type { Card } from "../card.ts";
import { toneOf } from "../words.ts";

/** What the legend can switch off: pros by signal, jobs by how far they have come. Each thing is in one layer. */
export const PRO_LAYERS = ["live", "delayed", "lost"] as const satisfies readonly Contact[];
export const JOB_LAYERS = ["open", "planned", "moving", "late"] as const;
export type JobLayer = (typeof JOB_LAYERS)[number];
export type LayerName = Contact | JobLayer;
export const LAYERS: readonly LayerName[] = [...PRO_LAYERS, ...JOB_LAYERS];

/** How much there is in each layer. */
export type Counts = Record<LayerName, number>;

export function noCounts(): Counts {
  return { live: 0, delayed: 0, lost: 0, open: 0, planned: 0, moving: 0, late: 0 };
}

/** The layer of a job; null for one that is over. A job that is late is that before anything else. */
export function layerOf(card: Pick<Card, "status" | "late">): JobLayer | null {
  const tone = toneOf(card.status);
  if (tone !== "open" && tone !== "planned" && tone !== "moving") return null;
  return card.late ? "late" : tone;
}

export function prosIn(counts: Counts): number {
  return counts.live + counts.delayed + counts.lost;
}

export function jobsIn(counts: Counts): number {
  return counts.open + counts.planned + counts.moving + counts.late;
}

/** Radius of the disc that stands for so many things, CSS pixels: it grows with every doubling. */
export function groupRadius(members: number): number {
  return Math.min(30, 13 + 2 * Math.log2(members));
}
