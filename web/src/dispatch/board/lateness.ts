import type { Status } from "../../lib/wire.ts";
import type { Card } from "../card.ts";

/** Statuses in which somebody still waits for the pro. */
const AWAITED: readonly Status[] = ["pending", "pending_scheduling", "open", "accepted", "scheduled", "en_route"];
/** A promise is an estimate that was made at the start of the drive. */
const SLACK_MS = 5 * 60_000;

/**
 * How long somebody has waited for more than was agreed, milliseconds; 0: the job is not late.
 *
 * The rule is the server's (`db/board_filter.py`), which says it as `late` when it is asked; a board that
 * stands open for hours has to go on counting.
 */
export function lateBy(card: Pick<Card, "status" | "window_end" | "promised_arrival_at">, now_ms: number): number {
  if (!AWAITED.includes(card.status)) return 0;
  const since = (at: string | null, slack_ms: number): number => (at === null || Date.parse(at) + slack_ms >= now_ms ? 0 : now_ms - Date.parse(at));
  return Math.max(since(card.window_end, 0), card.status === "en_route" ? since(card.promised_arrival_at, SLACK_MS) : 0);
}
