import type { Frame } from "../../map/frame_layer.ts";
import { palette } from "../../map/palette.ts";
import { LAYERS, type Counts } from "./layers.ts";
import { groupSprite, SPRITE_PX, Sprites } from "./looks.ts";
import { shareOf, type Pro } from "./pros.ts";
import { CLUSTER_GLIDE_MS, clusterPlace, pixelX, type ProMark, type Scene } from "./scene.ts";

const HALF = SPRITE_PX / 2;
/** A dot that comes less far than this is not seen to move, CSS pixels. */
const STEP_PX = 0.4;
/** More names than this would lie on top of each other. */
const MOST_NAMES = 60;
const MOST_GROUP_SPRITES = 400;

/** Draws scenes. It makes no objects while things move, so that hours of frames leave nothing to collect. */
export class Painter {
  private readonly sprites = new Sprites();
  private readonly groups = new Map<string, HTMLCanvasElement>();

  /** The colours changed. */
  forget(): void {
    this.sprites.forget();
    this.groups.clear();
  }

  /** Draws a frame; returns in how many milliseconds something has come a step farther. */
  paint(scene: Scene, frame: Frame, named: boolean): number {
    const { context, at_ms } = frame;
    for (const mark of scene.jobs) {
      const x = pixelX(mark.x / frame.size, frame) - frame.left;
      context.drawImage(this.sprites.get(mark.layer), x - HALF, mark.y - frame.top - HALF, SPRITE_PX, SPRITE_PX);
    }
    let fastest = 0;
    for (const mark of scene.pros) {
      const speed = this.pro(mark, frame);
      if (speed > fastest) fastest = speed;
    }
    if (named && scene.pros.length <= MOST_NAMES) this.names(scene.pros, frame);
    for (const cluster of scene.clusters) {
      const { x, y } = clusterPlace(cluster, at_ms);
      const sprite = this.group(cluster.counts);
      const side = (sprite.width * SPRITE_PX) / this.sprites.get("live").width;
      context.drawImage(sprite, pixelX(x, frame) - frame.left - side / 2, y * frame.size - frame.top - side / 2, side, side);
      if (at_ms - cluster.began_ms < CLUSTER_GLIDE_MS) {
        const way = Math.hypot(cluster.toX - cluster.fromX, cluster.toY - cluster.fromY) * frame.size;
        fastest = Math.max(fastest, way / CLUSTER_GLIDE_MS);
      }
    }
    return fastest === 0 ? Infinity : STEP_PX / fastest;
  }

  /** Draws one dot; returns its speed in pixels a millisecond. */
  private pro({ pro, layer }: ProMark, frame: Frame): number {
    const { context, at_ms } = frame;
    const share = shareOf(pro, at_ms);
    const x = pixelX(pro.fromX + (pro.toX - pro.fromX) * share, frame) - frame.left;
    const y = (pro.fromY + (pro.toY - pro.fromY) * share) * frame.size - frame.top;
    if (pro.heading !== null && layer !== "lost") this.arrow(context, x, y, pro.heading);
    context.drawImage(this.sprites.get(layer), x - HALF, y - HALF, SPRITE_PX, SPRITE_PX);
    return share >= 1 ? 0 : (Math.hypot(pro.toX - pro.fromX, pro.toY - pro.fromY) * frame.size) / pro.duration_ms;
  }

  private arrow(context: CanvasRenderingContext2D, x: number, y: number, heading: number): void {
    const turn = (heading * Math.PI) / 180;
    context.translate(x, y);
    context.rotate(turn);
    context.drawImage(this.sprites.get("arrow"), -HALF, -HALF, SPRITE_PX, SPRITE_PX);
    context.rotate(-turn);
    context.translate(-x, -y);
  }

  private names(marks: readonly ProMark[], frame: Frame): void {
    const { context, at_ms } = frame;
    context.font = "600 12px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "top";
    context.lineJoin = "round";
    context.lineWidth = 3.5;
    context.strokeStyle = palette().land;
    context.fillStyle = palette().text;
    for (const { pro } of marks) {
      const [x, y] = nameAt(pro, frame, at_ms);
      context.strokeText(pro.name, x, y);
      context.fillText(pro.name, x, y);
    }
  }

  private group(counts: Counts): HTMLCanvasElement {
    const key = LAYERS.map((layer) => counts[layer]).join();
    const known = this.groups.get(key);
    if (known !== undefined) return known;
    if (this.groups.size >= MOST_GROUP_SPRITES) this.groups.clear();
    const made = groupSprite(counts);
    this.groups.set(key, made);
    return made;
  }
}

function nameAt(pro: Pro, frame: Frame, at_ms: number): [x: number, y: number] {
  const share = shareOf(pro, at_ms);
  const x = pixelX(pro.fromX + (pro.toX - pro.fromX) * share, frame) - frame.left;
  return [x, (pro.fromY + (pro.toY - pro.fromY) * share) * frame.size - frame.top + 13];
}
