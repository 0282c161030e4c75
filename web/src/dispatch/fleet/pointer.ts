import type L from "leaflet";
import { serverNow } from "../../lib/clock.ts";
import { fleet } from "../words/fleet.ts";
import type { Picked } from "./pick.ts";
import type { Cluster, Mark } from "./scene.ts";
import { lines, together } from "./tell.ts";
import { Tip } from "./tip.ts";

const words = fleet.fleet;

export interface PointerHandlers {
  at(point: L.Point): Picked;
  closer(cluster: Cluster): void;
  /** One thing, or several on top of each other, nearest first. */
  chosen(marks: Mark[]): void;
}

/** The pointer over the fleet: what it is on is told beside it, and a click goes there. */
export class Pointer {
  private readonly map: L.Map;
  private readonly handlers: PointerHandlers;
  private readonly tip: Tip;
  private point: L.Point | null = null;

  constructor(map: L.Map, frame: HTMLElement, handlers: PointerHandlers) {
    this.map = map;
    this.handlers = handlers;
    this.tip = new Tip(frame);
    map.on("mousemove", (event) => this.moveTo(event.containerPoint));
    map.on("mouseout movestart zoomstart", () => this.moveTo(null));
    map.on("click", (event) => this.click(event.containerPoint));
  }

  /** Seconds pass and things move on under a pointer that rests. */
  tick(): void {
    if (this.point !== null) this.moveTo(this.point);
  }

  private moveTo(point: L.Point | null): void {
    this.point = point;
    const picked = point === null ? null : this.handlers.at(point);
    this.map.getContainer().classList.toggle("is-on-something", picked !== null);
    if (point === null || picked === null) return this.tip.hide();
    this.tip.show(point.x, point.y, told(picked));
  }

  private click(point: L.Point): void {
    const picked = this.handlers.at(point);
    if (picked === null) return;
    this.moveTo(null);
    if (Array.isArray(picked)) this.handlers.chosen(picked);
    else this.handlers.closer(picked);
  }
}

function told(picked: Exclude<Picked, null>): readonly string[] {
  if (!Array.isArray(picked)) return [together(picked.counts), words.zoomIn];
  return picked.slice(0, 3).flatMap((mark) => lines(mark, serverNow()));
}
