import { crc32, deflateSync } from "node:zlib";

/** The app's icon, drawn here so that no picture of unknown origin lies in the repository. */

interface Colour {
  r: number;
  g: number;
  b: number;
  a: number;
}

type Point = [x: number, y: number];

const BLUE: Colour = { r: 0x1a, g: 0x5f, b: 0xb4, a: 255 };
const WHITE: Colour = { r: 255, g: 255, b: 255, a: 255 };
const NOTHING: Colour = { r: 255, g: 255, b: 255, a: 0 };

/** The arrow of `src/icon.svg`, on its canvas of 32. */
const ARROW: Point[] = [
  [16, 6],
  [25, 26],
  [16, 21.4],
  [7, 26],
];
/** Samples along each side of a pixel: smooth edges. */
const FINER = 4;

export type IconShape =
  | "rounded" // for browsers that show it as it is
  | "full" // maskable: the system cuts its own shape, 80 % in the middle stay (W3C manifest, "maskable")
  | "badge"; // the status bar's: white on nothing

/** The icon as a PNG of `size` × `size` pixels. */
export function icon(size: number, shape: IconShape): Buffer {
  const shrink = shape === "full" ? 0.78 : 1;
  const pixels = Buffer.alloc(size * (size * 4 + 1)); // each row begins with its filter: 0, none
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const { r, g, b, a } = pixel(x, y, size, shape, shrink);
      pixels.set([r, g, b, a], y * (size * 4 + 1) + 1 + x * 4);
    }
  }
  return png(size, pixels);
}

function pixel(x: number, y: number, size: number, shape: IconShape, shrink: number): Colour {
  const corners = [0, 1, 2, 3].map((corner): Colour => {
    return colourAt([(x + (corner % 2)) * (32 / size), (y + Math.floor(corner / 2)) * (32 / size)], shape, shrink);
  });
  const [first = NOTHING] = corners;
  if (corners.every((corner) => corner === first)) return first; // no edge goes through it
  const sum = { r: 0, g: 0, b: 0, a: 0 };
  for (let sample = 0; sample < FINER * FINER; sample++) {
    const u = (x + ((sample % FINER) + 0.5) / FINER) * (32 / size);
    const v = (y + (Math.floor(sample / FINER) + 0.5) / FINER) * (32 / size);
    const { r, g, b, a } = colourAt([u, v], shape, shrink);
    sum.r += r * a;
    sum.g += g * a;
    sum.b += b * a;
    sum.a += a;
  }
  if (sum.a === 0) return NOTHING;
  const part = (value: number): number => Math.round(value / sum.a);
  return { r: part(sum.r), g: part(sum.g), b: part(sum.b), a: Math.round(sum.a / (FINER * FINER)) };
}

function colourAt([u, v]: Point, shape: IconShape, shrink: number): Colour {
  const place: Point = [16 + (u - 16) / shrink, 16 + (v - 16) / shrink];
  if (isInside(place, ARROW)) return WHITE;
  if (shape === "badge") return NOTHING;
  return shape === "full" || isRounded(u, v) ? BLUE : NOTHING;
}

/** Inside the square of 32 with corners of radius 8. */
function isRounded(u: number, v: number): boolean {
  const dx = Math.max(8 - u, u - 24, 0);
  const dy = Math.max(8 - v, v - 24, 0);
  return dx * dx + dy * dy <= 64;
}

/** Even-odd rule. */
function isInside([x, y]: Point, shape: Point[]): boolean {
  let inside = false;
  shape.forEach(([ax, ay], index) => {
    const [bx, by] = shape[(index + 1) % shape.length] ?? [ax, ay];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  });
  return inside;
}

/** RGBA rows as a PNG file (ISO/IEC 15948). */
function png(size: number, rows: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8); // 8 bits, RGBA, deflate, adaptive filters, not interlaced
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [part("IHDR", header), part("IDAT", deflateSync(rows, { level: 9 })), part("IEND", Buffer.alloc(0))];
  return Buffer.concat([signature, ...parts]);
}

function part(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
