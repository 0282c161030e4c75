import type L from "leaflet";
import { serverNow } from "../../lib/clock.ts";
import { FrameLayer, type Frame } from "../../map/frame_layer.ts";
import { onSchemeChange } from "../../map/palette.ts";
import { Painter } from "./painter.ts";
import { pick, type Picked } from "./pick.ts";
import { APART_ZOOM, layOut, NOTHING, type Facts, type Scene, type View } from "./scene.ts";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
/** A map that was dragged by so much, CSS pixels, may have something new in sight. */
const DRAGGED_PX = 24;

/** Keeps the scene laid out for where the map looks, and draws it. */
export class Stage {
  scene: Scene = NOTHING;
  private readonly map: L.Map;
  private readonly facts: () => Facts;
  private readonly laid: (scene: Scene) => void;
  private readonly painter = new Painter();
  private readonly layer: FrameLayer;
  private dirty = true;
  private laidFor: View | null = null;

  /** `facts` is asked for what there is; `laid` hears of each new scene. */
  constructor(map: L.Map, facts: () => Facts, laid: (scene: Scene) => void) {
    this.map = map;
    this.facts = facts;
    this.laid = laid;
    this.layer = new FrameLayer((frame) => this.paint(frame)).addTo(map);
    onSchemeChange(() => {
      this.painter.forget();
      this.layer.ask();
    });
  }

  /** Whether things jump instead of gliding: the person wants less motion, or nobody looks. */
  get still(): boolean {
    return calm.matches || document.visibilityState === "hidden";
  }

  /** What there is has changed: it is laid out with the next frame. */
  changed(): void {
    this.dirty = true;
    this.layer.ask();
  }

  /** What lies at a point of the map's frame, CSS pixels. */
  at(point: L.Point): Picked {
    return pick(this.scene, this.layer.view, performance.now(), point.x, point.y);
  }

  pause(): void {
    this.layer.pause();
  }

  resume(): void {
    this.layer.resume();
  }

  private paint(frame: Frame): number {
    if (this.dirty || this.hasMoved(frame)) this.layOut(frame);
    return this.painter.paint(this.scene, frame, this.map.getZoom() >= APART_ZOOM);
  }

  private layOut(frame: Frame): void {
    this.dirty = false;
    this.laidFor = { size: frame.size, left: frame.left, top: frame.top, width: frame.width, height: frame.height };
    this.scene = layOut(this.facts(), frame, this.map.getZoom(), frame.at_ms, serverNow(), this.scene, this.still);
    this.laid(this.scene);
  }

  private hasMoved(now: View): boolean {
    const then = this.laidFor;
    if (then === null || then.size !== now.size || then.width !== now.width || then.height !== now.height) return true;
    return Math.abs(then.left - now.left) > DRAGGED_PX || Math.abs(then.top - now.top) > DRAGGED_PX;
  }
}
