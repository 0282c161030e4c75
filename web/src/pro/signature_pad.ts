import { h, setText, show } from "../lib/dom.ts";
import { Sheet } from "./sheet.ts";
import { Strokes, type StrokePoint } from "./strokes.ts";
import { words } from "./words.ts";

const PEN = 2.6;
const PROPORTION = 0.5;

export interface Signed {
  width: number;
  height: number;
  strokes: StrokePoint[][];
}

/** Asks the customer to sign with a finger, a pen or a mouse; `signed` gets what they drew. */
export function askSignature(service: string, signed: (signature: Signed) => void): void {
  const sheet = new Sheet("signature", words.signature.title, () => sheet.remove());
  const canvas = h("canvas", { class: "signature-pad", "aria-label": words.signature.pad, role: "img" });
  const problem = h("p", { class: "notice small", role: "status", hidden: true });
  const clear = h("button", { class: "button", type: "button" }, words.signature.clear);
  const done = h("button", { class: "button button-main grow", type: "button" }, words.signature.done);
  sheet.body.append(h("p", {}, words.signature.statement(service)), canvas, problem, h("div", { class: "actions" }, clear, done));
  sheet.open();
  const pad = new Pad(canvas);
  clear.addEventListener("click", () => pad.clear());
  done.addEventListener("click", () => {
    show(problem, !pad.strokes.isSignature);
    setText(problem, pad.strokes.isSignature ? "" : words.signature.missing);
    if (!pad.strokes.isSignature) return;
    signed({ width: pad.width, height: pad.height, strokes: pad.strokes.strokes });
    sheet.close(); // and is gone: a second tap finds no button
  });
}

/** The canvas that is drawn on. Its size is fixed while the sheet is open, so that no point moves. */
class Pad {
  readonly width: number;
  readonly height: number;
  readonly strokes: Strokes;
  private readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D | null;

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
    this.width = Math.max(200, Math.round(canvas.getBoundingClientRect().width));
    this.height = Math.round(this.width * PROPORTION);
    const sharp = window.devicePixelRatio || 1;
    canvas.width = Math.round(this.width * sharp);
    canvas.height = Math.round(this.height * sharp);
    this.context = canvas.getContext("2d");
    this.context?.scale(sharp, sharp);
    this.strokes = new Strokes(this.width, this.height);
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
  }

  clear(): void {
    this.strokes.clear();
    this.context?.clearRect(0, 0, this.width, this.height);
  }

  private begin(event: PointerEvent): void {
    if (!event.isPrimary || event.button !== 0) return; // a resting palm, the other mouse button
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    const [x, y] = this.at(event);
    this.strokes.begin(x, y);
    this.line([x, y], [x + 0.1, y]);
  }

  private move(event: PointerEvent): void {
    if (!event.isPrimary || !this.canvas.hasPointerCapture(event.pointerId)) return;
    // Between two frames a pen reports more places than one event has.
    const all = event.getCoalescedEvents?.() ?? [];
    for (const each of all.length > 0 ? all : [event]) {
      const line = this.strokes.go(...this.at(each));
      if (line !== null) this.line(...line);
    }
  }

  /** From the window's places to the canvas's, which may be shown smaller than it is. */
  private at({ clientX, clientY }: PointerEvent): StrokePoint {
    const box = this.canvas.getBoundingClientRect();
    return [((clientX - box.left) * this.width) / box.width, ((clientY - box.top) * this.height) / box.height];
  }

  private line(from: StrokePoint, to: StrokePoint): void {
    const pen = this.context;
    if (pen === null) return;
    pen.strokeStyle = "#111"; // the paper is white in the dark, too
    pen.lineWidth = PEN;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(...to);
    pen.stroke();
  }
}
