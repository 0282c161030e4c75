import type { Place } from "../lib/wire.ts";

/**
 * The address that hands the way over to the device's own map.
 *
 * Android knows `geo:` (RFC 5870, with the query that its map apps agreed on); Apple's devices open
 * their map for its web address; anything else shows the way in the browser.
 */
export function navigationTo({ lat, lng }: Place, agent: string, touches: number): string {
  const place = `${lat},${lng}`;
  if (/Android/i.test(agent)) return `geo:${place}?q=${place}`;
  // An iPad calls itself a Macintosh, but no Macintosh is touched.
  if (/iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && touches > 1)) {
    return `https://maps.apple.com/?daddr=${place}&dirflg=d`;
  }
  return `https://www.openstreetmap.org/directions?to=${encodeURIComponent(place)}`;
}
