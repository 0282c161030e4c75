import type { Contact } from "./wire.ts";

/** How much a watcher may trust the dot, in the order of what to say first. */
export type Signal =
  | "offline" // this device has no network
  | "unreachable" // this device has a network, but our server does not answer
  | "none" // nothing to see: the pro is not on the way
  | "live"
  | "delayed"
  | "lost";

export interface SignalFacts {
  online: boolean;
  connected: boolean;
  /** Whether the job's status lets positions be seen at all. */
  visible: boolean;
  contact: Contact | null;
  last_seen_ms: number | null;
  /** When the next fix was due after the last one, seconds. */
  next_in_s: number | null;
  now_ms: number;
}

/** With no word from the server, a dot this many times its own interval old is not live any more. */
const PATIENCE = 3;
const LEAST_PATIENCE_MS = 45_000;

/**
 * What may be said about the dot. A "live" that nobody has confirmed for three intervals is shown
 * as delayed even if the server's word of it has not arrived.
 */
export function signalOf(facts: SignalFacts): Signal {
  if (!facts.online) return "offline";
  if (!facts.connected) return "unreachable";
  if (!facts.visible) return "none";
  if (facts.last_seen_ms === null) return facts.contact === null || facts.contact === "live" ? "none" : facts.contact;
  if (facts.contact === "delayed" || facts.contact === "lost") return facts.contact;
  const patience_ms = Math.max(LEAST_PATIENCE_MS, (facts.next_in_s ?? 0) * 1_000 * PATIENCE);
  return facts.now_ms - facts.last_seen_ms > patience_ms ? "delayed" : "live";
}
