import type { Place } from "../../lib/wire.ts";
import { nearestCopy, worldOf } from "../../map/world.ts";
import type { Card } from "../card.ts";
import { gather, type Spot } from "./clusters.ts";
import { layerOf, noCounts, type Counts, type JobLayer, type LayerName } from "./layers.ts";
import { contactOf, shareOf, type Pro } from "./pros.ts";

/** What is in sight, and what of it is drawn as one. Pure: places, a view and times in, marks out. */

/** What the map looks at: pixels, as in `Frame`. */
export interface View {
  size: number;
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A thing in sight; x and y are pixels of the world when the scene was laid out. */
export interface ProMark extends Spot {
  kind: "pro";
  layer: LayerName;
  pro: Pro;
}
export interface JobMark extends Spot {
  kind: "job";
  layer: JobLayer;
  card: Card;
}
export type Mark = ProMark | JobMark;

/** Several things drawn as one, on its way from where it was a second ago. Places on the world's square, 0 to 1. */
export interface Cluster {
  kind: "cluster";
  key: string;
  members: Mark[];
  counts: Counts;
  fromX: number;
  fromY: number;
  toX: number;
  toY: number;
  began_ms: number;
}

export interface Scene {
  jobs: JobMark[];
  pros: ProMark[];
  clusters: Cluster[];
  /** What is in the view and not switched off. */
  counts: Counts;
}

export const NOTHING: Scene = { jobs: [], pros: [], clusters: [], counts: noCounts() };

/** How long a cluster takes to where its members are now, milliseconds. */
export const CLUSTER_GLIDE_MS = 600;
/** From this zoom on streets are told apart, and so is everybody on them. */
export const APART_ZOOM = 15;
const CELL_PX = 76;
const DOOR_PX = 14; // jobs of one house
/** Fewer than this are drawn each, however close. */
const LEAST = 4;
/** What is so far outside is not drawn, pixels. */
const MARGIN_PX = 40;

export interface Facts {
  pros: Iterable<Pro>;
  cards: Iterable<Card>;
  hidden: ReadonlySet<LayerName>;
  /** Drawn by somebody else: the job that is open, and its pro. */
  except: { job_id: string | null; pro_id: string | null };
}

/** Lays everything out for a view; `before` is the scene that it replaces, `now_ms` is epoch time. */
export function layOut(facts: Facts, view: View, zoom: number, at_ms: number, now_ms: number, before: Scene, still: boolean): Scene {
  const counts = noCounts();
  const pros: ProMark[] = [];
  const jobs: JobMark[] = [];
  for (const pro of facts.pros) {
    const layer = contactOf(pro, now_ms);
    if (facts.hidden.has(layer)) continue;
    const { x, y } = proPlace(pro, at_ms);
    const mark: ProMark = { kind: "pro", layer, pro, x: pixelX(x, view), y: y * view.size };
    if (!isNear(mark, view)) continue;
    if (isIn(mark, view)) counts[layer]++;
    if (pro.id !== facts.except.pro_id) pros.push(mark);
  }
  for (const card of facts.cards) {
    const layer = layerOf(card);
    if (layer === null || facts.hidden.has(layer)) continue;
    const { x, y } = worldOf(card);
    const mark: JobMark = { kind: "job", layer, card, x: pixelX(x, view), y: y * view.size };
    if (!isNear(mark, view)) continue;
    if (isIn(mark, view)) counts[layer]++;
    if (card.id !== facts.except.job_id) jobs.push(mark);
  }
  const apart = zoom >= APART_ZOOM;
  const grouped = gathered(apart ? jobs : [...jobs, ...pros], apart ? DOOR_PX : CELL_PX, apart ? 2 : LEAST);
  return {
    counts,
    jobs: grouped.single.filter((mark): mark is JobMark => mark.kind === "job"),
    pros: apart ? pros : grouped.single.filter((mark): mark is ProMark => mark.kind === "pro"),
    clusters: grouped.groups.map(({ key, x, y, members }) => {
      return clusterOf(`${Math.round(zoom * 4)}/${key}`, x / view.size, y / view.size, members, at_ms, before, still);
    }),
  };
}

function gathered(marks: Mark[], size: number, least: number): { single: Mark[]; groups: ReturnType<typeof gather<Mark>> } {
  const single: Mark[] = [];
  const groups = gather(marks, size).filter((group) => {
    if (group.members.length >= least) return true;
    single.push(...group.members);
    return false;
  });
  return { single, groups };
}

function clusterOf(key: string, x: number, y: number, members: Mark[], at_ms: number, before: Scene, still: boolean): Cluster {
  const counts = noCounts();
  for (const member of members) counts[member.layer]++;
  const same = before.clusters.find((cluster) => cluster.key === key);
  const from = same === undefined || still ? { x, y } : clusterPlace(same, at_ms);
  return { kind: "cluster", key, members, counts, fromX: from.x, fromY: from.y, toX: x, toY: y, began_ms: at_ms };
}

/** Where a pro is on the world's square at a moment of its glide. */
export function proPlace(pro: Pro, at_ms: number): Spot {
  const share = shareOf(pro, at_ms);
  return { x: pro.fromX + (pro.toX - pro.fromX) * share, y: pro.fromY + (pro.toY - pro.fromY) * share };
}

/** Where a cluster is on the world's square. */
export function clusterPlace(cluster: Cluster, at_ms: number): Spot {
  const share = Math.min(1, Math.max(0, (at_ms - cluster.began_ms) / CLUSTER_GLIDE_MS));
  return { x: cluster.fromX + (cluster.toX - cluster.fromX) * share, y: cluster.fromY + (cluster.toY - cluster.fromY) * share };
}

/** The pixel column of a place, on the copy of the world that is in the middle of the view. */
export function pixelX(x: number, view: View): number {
  return nearestCopy(x, (view.left + view.width / 2) / view.size) * view.size;
}

function isNear({ x, y }: Spot, view: View): boolean {
  const [right, bottom] = [view.left + view.width, view.top + view.height];
  return x > view.left - MARGIN_PX && x < right + MARGIN_PX && y > view.top - MARGIN_PX && y < bottom + MARGIN_PX;
}

function isIn({ x, y }: Spot, view: View): boolean {
  return x >= view.left && x <= view.left + view.width && y >= view.top && y <= view.top + view.height;
}

/** The place of a mark on the globe. */
export function placeOf(mark: Mark): Place {
  return mark.kind === "pro" ? mark.pro : mark.card;
}
