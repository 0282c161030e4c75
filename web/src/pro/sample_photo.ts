import type { Shows } from "./errands.ts";
import { words } from "./words.ts";

const WIDTH = 1_280;
const HEIGHT = 960;

/** A drawn picture for where there is no camera and no work: a wall, and afterwards a screen on it. */
export async function samplePhoto(shows: Shows): Promise<File> {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext("2d");
  if (context !== null) draw(context, shows);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
  return new File(blob === null ? [] : [blob], `sample-${shows}.jpg`, { type: "image/jpeg", lastModified: Date.now() });
}

function draw(context: CanvasRenderingContext2D, shows: Shows): void {
  const box = (colour: string, x: number, y: number, width: number, height: number): void => {
    context.fillStyle = colour;
    context.fillRect(x, y, width, height);
  };
  box("#d9d2c5", 0, 0, WIDTH, HEIGHT); // the wall
  box("#8c6d52", 0, 800, WIDTH, 160); // the floor
  box("#f4f1ea", 0, 780, WIDTH, 24);
  box("#6f5643", 340, 650, 600, 150); // a sideboard
  if (shows === "after") {
    box("#15191c", 300, 190, 680, 390);
    box("#2b4a5e", 314, 204, 652, 362);
  } else {
    for (const [x, y] of [[520, 300], [760, 300], [520, 460], [760, 460]] as const) {
      box("#6b6457", x - 16, y - 2, 32, 4); // where the holes go
      box("#6b6457", x - 2, y - 16, 4, 32);
    }
  }
  context.fillStyle = "#3b352c";
  context.font = "600 34px system-ui, sans-serif";
  context.fillText(words.demo.drawn(words.evidence.count[shows]), 40, 70);
}
