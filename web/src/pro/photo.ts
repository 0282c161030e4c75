/** Photos are made small on the phone: what goes out over a bad network is no larger than what is kept. */

/** The server keeps at most so many pixels on a side (docs/evidence.md). */
export const LONGEST_SIDE = 2_560;
/** The most that the server takes, bytes. */
export const UPLOAD_LIMIT = 15 * 1024 * 1024;
/** A JPEG no larger than this goes as it is, with the camera's own word of when and where. */
const SMALL = 1_000_000;
const QUALITIES = [0.85, 0.7, 0.5];
const THUMB_SIDE = 96;
const TAKEN_AS_IT_IS = ["image/jpeg", "image/png", "image/webp"];

export interface SmallPhoto {
  bytes: ArrayBuffer;
  media_type: string;
  /** As a data: address; empty when the browser cannot draw it. */
  thumb: string;
}

/** Why a file cannot be sent. */
export class PhotoUnusable extends Error {
  readonly why: "unreadable" | "too_large";

  constructor(why: "unreadable" | "too_large") {
    super(why);
    this.why = why;
  }
}

/** A size whose longer side is at most `longest`, in whole pixels. */
export function fitted(width: number, height: number, longest: number): { width: number; height: number } {
  const scale = Math.min(1, longest / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** When a photo was taken: the file's time, unless it cannot be true. Epoch milliseconds. */
export function takenAt(modified_ms: number, now_ms: number): number {
  const eldest_ms = now_ms - 366 * 24 * 3_600_000;
  return modified_ms > eldest_ms && modified_ms <= now_ms ? modified_ms : now_ms;
}

/** Makes a photo small enough to send. @throws PhotoUnusable */
export async function madeSmall(file: Blob): Promise<SmallPhoto> {
  const picture = await decoded(file);
  if (picture === null) {
    // The server knows more kinds of damage than we do; but not more kinds of files.
    if (!TAKEN_AS_IT_IS.includes(file.type) || file.size === 0) throw new PhotoUnusable("unreadable");
    return { bytes: await sized(file), media_type: file.type, thumb: "" };
  }
  try {
    const thumb = drawn(picture, THUMB_SIDE).toDataURL("image/jpeg", 0.7);
    if (file.type === "image/jpeg" && file.size <= SMALL && Math.max(picture.width, picture.height) <= LONGEST_SIDE) {
      return { bytes: await file.arrayBuffer(), media_type: file.type, thumb };
    }
    return { bytes: await encoded(drawn(picture, LONGEST_SIDE)), media_type: "image/jpeg", thumb };
  } finally {
    picture.close();
  }
}

/** Upright, as its EXIF data says; null when the browser cannot read it. */
async function decoded(file: Blob): Promise<ImageBitmap | null> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return null;
  }
}

function drawn(picture: ImageBitmap, longest: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  const { width, height } = fitted(picture.width, picture.height, longest);
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (context === null) throw new PhotoUnusable("unreadable"); // the phone has no memory left
  context.fillStyle = "#fff"; // behind what is transparent
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0, width, height);
  return canvas;
}

async function encoded(canvas: HTMLCanvasElement): Promise<ArrayBuffer> {
  for (const quality of QUALITIES) {
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
    if (blob === null) throw new PhotoUnusable("unreadable");
    if (blob.size <= UPLOAD_LIMIT) return blob.arrayBuffer();
  }
  throw new PhotoUnusable("too_large");
}

async function sized(file: Blob): Promise<ArrayBuffer> {
  if (file.size > UPLOAD_LIMIT) throw new PhotoUnusable("too_large");
  return file.arrayBuffer();
}
