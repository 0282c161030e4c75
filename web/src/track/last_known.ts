import { serverNow } from "../lib/clock.ts";
import type { JobView } from "../lib/job_view.ts";
import { forget, recall, remember } from "../lib/memory.ts";
import type { Receipt } from "./after/wire.ts";

/** What this browser last knew of a visit, so that its page opens without a network, and says how old that is. */

export interface Known {
  view: JobView;
  receipt: Receipt | null;
  /** Epoch milliseconds of the server's clock. */
  at_ms: number;
}

const PREFIX = "tracker.visit.";
/** What was kept in another shape is not read. */
const SHAPE = 1;
const FORGOTTEN_AFTER_MS = 7 * 24 * 3_600_000;
const device = (): Storage => localStorage;

export class LastKnown {
  private readonly key: string;

  constructor(link: string) {
    this.key = PREFIX + link;
    forgetOldVisits();
  }

  read(): Known | null {
    return parse(recall(device, this.key));
  }

  /** The trail is left out: the next snapshot brings it. */
  keepVisit(view: JobView): void {
    this.write({ view: { ...view, trail: [] }, receipt: this.read()?.receipt ?? null, at_ms: serverNow() });
  }

  keepReceipt(receipt: Receipt): void {
    const known = this.read();
    if (known !== null) this.write({ ...known, receipt, at_ms: serverNow() });
  }

  /** The link opens nothing any more. */
  forget(): void {
    forget(device, this.key);
  }

  private write(known: Known): void {
    remember(device, this.key, JSON.stringify({ ...known, shape: SHAPE }));
  }
}

function parse(text: string | null): Known | null {
  if (text === null) return null;
  try {
    const kept = JSON.parse(text) as Known & { shape?: number };
    return kept.shape === SHAPE ? kept : null;
  } catch {
    return null;
  }
}

/** Links die, and their pages are not opened again, or not with a network, to say so. */
function forgetOldVisits(): void {
  for (const key of keysOf(device)) {
    if (!key.startsWith(PREFIX)) continue;
    const kept = parse(recall(device, key));
    if (kept === null || Date.now() - kept.at_ms > FORGOTTEN_AFTER_MS) forget(device, key);
  }
}

function keysOf(storage: () => Storage): string[] {
  try {
    return Object.keys(storage());
  } catch {
    return [];
  }
}
