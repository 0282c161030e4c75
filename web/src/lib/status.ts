import type { Status } from "./wire.ts";

/** The four steps a customer follows; what comes before the trip is step 0. */
export const STEPS = ["booked", "on_the_way", "arrived", "working"] as const;
export type Step = (typeof STEPS)[number];

/** Where a status stands among the steps; null when the visit is over. */
export function stepOf(status: Status): Step | null {
  switch (status) {
    case "pending":
    case "pending_scheduling":
    case "open":
    case "accepted":
    case "scheduled":
      return "booked";
    case "en_route":
      return "on_the_way";
    case "arrived":
      return "arrived";
    case "in_progress":
      return "working";
    case "completed":
    case "paid":
    case "cancelled":
      return null;
  }
}

/** Nothing more will move: completed, paid or cancelled. */
export function isOver(status: Status): boolean {
  return stepOf(status) === null;
}
