import { groupRadius, jobsIn, prosIn } from "./layers.ts";
import { clusterPlace, pixelX, proPlace, type Cluster, type Mark, type Scene, type View } from "./scene.ts";

/** What lies under a pointer. Pure. */

/** A thing may be missed by this much, CSS pixels: a target of 44 px for a finger on its middle. */
const REACH_PX = 22;
/** Things whose middles are nearer than this cannot be told apart by a finger. */
const SAME_PX = 12;

/** A cluster, or the marks that lie on top of each other, nearest first; null: only the map. */
export type Picked = Cluster | Mark[] | null;

/** What lies at a point of the canvas (CSS pixels) at a moment (`performance.now()`). */
export function pick(scene: Scene, view: View, at_ms: number, x: number, y: number): Picked {
  let nearest: Cluster | null = null;
  let least = Infinity;
  for (const cluster of scene.clusters) {
    const place = clusterPlace(cluster, at_ms);
    const distance = distanceTo(place.x, place.y * view.size, view, x, y);
    const reach = Math.max(REACH_PX, groupRadius(prosIn(cluster.counts) + jobsIn(cluster.counts)));
    if (distance < reach && distance < least) [nearest, least] = [cluster, distance];
  }
  const marks: { mark: Mark; distance: number }[] = [];
  for (const mark of [...scene.pros, ...scene.jobs]) {
    const place = mark.kind === "pro" ? proPlace(mark.pro, at_ms) : { x: mark.x / view.size, y: mark.y / view.size };
    const distance = distanceTo(place.x, place.y * view.size, view, x, y);
    if (distance < REACH_PX) marks.push({ mark, distance });
  }
  marks.sort((a, b) => a.distance - b.distance);
  const first = marks[0];
  if (first === undefined || least < first.distance) return nearest;
  return marks.filter(({ distance }) => distance < first.distance + SAME_PX).map(({ mark }) => mark);
}

/** The one job that all of these lead to; null when they lead to several things, or to none. */
export function oneJobOf(marks: readonly Mark[]): string | null {
  const [first, ...others] = new Set(marks.map((mark) => (mark.kind === "pro" ? mark.pro.job_id : mark.card.id)));
  return first !== undefined && others.length === 0 ? first : null;
}

function distanceTo(worldX: number, pixelY: number, view: View, x: number, y: number): number {
  return Math.hypot(pixelX(worldX, view) - view.left - x, pixelY - view.top - y);
}
