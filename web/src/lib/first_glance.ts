import type { Snapshot, WatchAck } from "./wire.ts";

/** What the server said of a visit before there was a socket. */
export type Glance =
  | { snapshot: Snapshot }
  | "refused" // the link opens nothing (any more)
  | "unknown"; // no answer, or none that could be read: the socket will tell

/**
 * The answer to what the page's own markup has asked for (`<link rel="preload" href="?now">`) while its script was
 * still on its way. Address and headers must be those of the markup, else the browser asks once more.
 */
export async function firstGlance(): Promise<Glance> {
  try {
    const response = await fetch("?now");
    if (response.status === 401) return "refused";
    const { snapshot } = (await response.json()) as Partial<WatchAck>;
    return response.ok && snapshot ? { snapshot } : "unknown";
  } catch {
    return "unknown";
  }
}
