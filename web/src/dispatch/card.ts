import type { Place, Status } from "../lib/wire.ts";

/** One job as the board shows it: `GET /api/dispatch/board`. Times are ISO 8601 UTC, amounts integer cents. */
export interface Card extends Place {
  id: string;
  version: number;
  status: Status;
  service: string;
  /** The order's own number; null: it has none. */
  reference: string | null;
  customer_name: string;
  address: string;
  window_start: string | null;
  window_end: string | null;
  pro: { id: string; name: string } | null;
  /** Open pain flags and the worst severity among them; null: none is open. */
  flags: { open: number; worst: string } | null;
  /** Who brings the equipment: BYO, COMPANY_SUPPLIED or HYBRID. */
  lane: string;
  order_stage: string;
  order_required: boolean;
  /** Where the job's money is, in one word; the worst news wins. */
  money: { state: string; cents: number };
  created_at: string;
  promised_arrival_at: string | null;
  /** Whether somebody waits for longer than was agreed; the store keeps it right as time passes. */
  late: boolean;
}

/**
 * A page of cards; `next` is the cursor of the page after it. Days are the company's, which are those of `time_zone`;
 * amounts are of `currency`, ISO 4217.
 */
export interface BoardPage {
  cards: Card[];
  next: string | null;
  time_zone: string;
  currency: string;
}

/** Statuses of jobs that still need somebody, in the order in which a board shows them. */
export const ACTIVE = ["en_route", "arrived", "in_progress", "accepted", "scheduled", "open", "pending", "pending_scheduling"] as const;
/** Statuses of jobs whose work is over: they are read from the server when somebody looks for them. */
export const ENDED = ["completed", "paid", "cancelled"] as const;

/** Whether a job with this status is kept on the board. */
export function isActive(status: Status): boolean {
  return (ACTIVE as readonly Status[]).includes(status);
}
