import L from "leaflet";
import { worldSize } from "./world.ts";

/** One drawing of the whole canvas, and where the map looks meanwhile. */
export interface Frame {
  context: CanvasRenderingContext2D;
  /** `performance.now()`. */
  at_ms: number;
  /** Pixels along the side of the world's square at this zoom, and the world's pixel in the canvas's corner. */
  size: number;
  left: number;
  top: number;
  /** CSS pixels. */
  width: number;
  height: number;
}

/** Draws a frame; returns in how many milliseconds another would look different (Infinity: not by itself). */
export type Paint = (frame: Frame) => number;

const PANE = "fleet";
/** Sooner than this, the next frame of the screen is the one. */
const ONE_FRAME_MS = 24;

/**
 * A canvas over the map that is drawn only when something on it would be seen to move.
 *
 * Thousands of things that glide are one element here, and a frame in which nothing comes half a pixel farther is
 * not drawn at all: a map that is open all day must not keep a processor busy.
 */
export class FrameLayer extends L.Layer {
  private readonly paint: Paint;
  private readonly canvas = L.DomUtil.create("canvas", "leaflet-zoom-animated fleet-canvas");
  private readonly context = this.canvas.getContext("2d") as CanvasRenderingContext2D;
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private zooming = false;
  private paused = false;

  constructor(paint: Paint) {
    super();
    this.paint = paint;
    this.canvas.setAttribute("aria-hidden", "true");
  }

  override onAdd(map: L.Map): this {
    const pane = map.getPane(PANE) ?? map.createPane(PANE);
    pane.style.zIndex = "450"; // over trails, under the markers of an open job
    pane.style.pointerEvents = "none"; // the map is asked what lies under the pointer
    pane.append(this.canvas);
    this.ask();
    return this;
  }

  override onRemove(): this {
    this.stop();
    this.canvas.remove();
    return this;
  }

  override getEvents(): Record<string, L.LeafletEventHandlerFn> {
    const settled = (): void => {
      this.zooming = false;
      this.ask();
    };
    const zoomed = (event: L.LeafletEvent): void => this.animateZoom(event as L.ZoomAnimEvent);
    return { move: () => this.ask(), resize: settled, viewreset: settled, moveend: settled, zoomend: settled, zoomanim: zoomed };
  }

  /** Something changed: draws with the screen's next frame. */
  ask(): void {
    if (this.frame !== 0 || this.paused) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.frame = requestAnimationFrame((at_ms) => {
      this.frame = 0;
      if (!this.zooming) this.draw(at_ms);
    });
  }

  /** Nobody looks: draws nothing until `resume`. */
  pause(): void {
    this.paused = true;
    this.stop();
  }

  resume(): void {
    this.paused = false;
    this.ask();
  }

  /** Where the map looks now. */
  get view(): Omit<Frame, "context" | "at_ms"> {
    const { x: width, y: height } = this._map.getSize();
    const { x: left, y: top } = this._map.getPixelBounds().min as L.Point;
    return { size: worldSize(this._map.getZoom()), left, top, width, height };
  }

  private draw(at_ms: number): void {
    const view = this.view;
    if (view.width === 0 || view.height === 0) return; // another page of the portal is open
    const density = Math.min(2, devicePixelRatio || 1);
    const [width, height] = [Math.round(view.width * density), Math.round(view.height * density)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.canvas.style.width = `${view.width}px`;
      this.canvas.style.height = `${view.height}px`;
    }
    L.DomUtil.setPosition(this.canvas, this._map.containerPointToLayerPoint([0, 0]));
    this.context.setTransform(density, 0, 0, density, 0, 0);
    this.context.clearRect(0, 0, view.width, view.height);
    this.drawAgainIn(this.paint({ context: this.context, at_ms, ...view }));
  }

  private drawAgainIn(wait_ms: number): void {
    if (wait_ms === Infinity || this.paused) return;
    if (wait_ms <= ONE_FRAME_MS) return this.ask();
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.ask();
    }, wait_ms - ONE_FRAME_MS / 2);
  }

  private stop(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** While the map zooms, the last drawing is stretched along with it. */
  private animateZoom({ center, zoom }: L.ZoomAnimEvent): void {
    this.zooming = true;
    const map = this._map;
    const pane = L.DomUtil.getPosition(map.getPane("mapPane") as HTMLElement);
    const origin = map.project(center, zoom).subtract(map.getSize().divideBy(2)).add(pane).round();
    const corner = map.project(map.containerPointToLatLng([0, 0]), zoom).subtract(origin);
    L.DomUtil.setTransform(this.canvas, corner, map.getZoomScale(zoom, map.getZoom()));
  }
}
