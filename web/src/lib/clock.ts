/**
 * The server's clock, as well as this device knows it.
 *
 * "Last seen 2 min ago" must be right on a phone whose own clock is wrong, so ages are counted on
 * the server's clock. The HTTP `Date` header has whole seconds; smaller differences are ignored.
 */
const TOLERANCE_MS = 3_000;

let offset_ms = 0;

/** Milliseconds to add to the device's clock, from a `Date` header and when the call began and ended. */
export function clockOffset(date: string | null, began_ms: number, ended_ms: number): number {
  const server_ms = date === null ? Number.NaN : Date.parse(date);
  if (!Number.isFinite(server_ms)) return 0;
  // The header is truncated to its second: on average half a second has passed since.
  const offset = server_ms + 500 - (began_ms + ended_ms) / 2;
  return Math.abs(offset) < TOLERANCE_MS ? 0 : offset;
}

/** Learns the difference from any answer of our own server. */
export function learnClock(response: Response, began_ms: number, ended_ms: number): void {
  const date = response.headers.get("date");
  if (date !== null) offset_ms = clockOffset(date, began_ms, ended_ms);
}

/** Now, epoch milliseconds, on the server's clock. */
export function serverNow(): number {
  return Date.now() + offset_ms;
}

/** A moment of this device's clock on the server's clock, as far as the difference is known by now. */
export function onServerClock(device_ms: number): number {
  return device_ms + offset_ms;
}

/** How far this device's clock runs ahead of the server's, milliseconds; negative: behind; 0: right, or not known. */
export function clockError(): number {
  return -offset_ms;
}
