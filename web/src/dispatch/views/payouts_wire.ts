/** What the payouts page reads. Amounts are integer cents, moments ISO 8601. */

/** One line of `GET /api/dispatch/payouts`. */
export interface Line {
  id: number;
  pro_id: string;
  pro_name: string;
  job_id: string;
  service: string;
  reference: string | null;
  kind: string;
  amount_cents: number;
  status: "pending" | "approved" | "paid" | "failed";
  held_for: string | null;
  problem: string | null;
  approved_by: string | null;
  transfer: number | null;
  created_at: string;
  paid_at: string | null;
}

export interface LinePage {
  payouts: Line[];
  next: string | null;
}

export interface Heap {
  lines: number;
  cents: number;
}

export const HEAPS = ["pending", "due", "sending", "failed", "held", "waiting"] as const;
export type HeapName = (typeof HEAPS)[number];

/** One pro of `GET /api/dispatch/payouts/due`. `outcome`: what a run does with what is due; null: nothing is. */
export interface DuePro extends Record<HeapName, Heap> {
  pro_id: string;
  name: string;
  has_account: boolean;
  outcome: "transfer" | "carried_over" | "no_account" | null;
}

export interface Due {
  provider: string;
  currency: string;
  pros: DuePro[];
}

/** `POST /api/dispatch/payouts/approve`. */
export interface Approval {
  payouts: { id: number; outcome: string }[];
}

/** `POST /api/dispatch/payouts/run`. */
export interface RunAnswer {
  pros: { pro_id: string; outcome: "transfer" | "carried_over" | "no_account" | "changed"; amount_cents: number; transfer: number | null }[];
}

/** One of `GET /api/dispatch/transfers`. */
export interface Transfer {
  id: number;
  pro_id: string;
  pro_name: string;
  provider: string;
  amount_cents: number;
  reversed_cents: number;
  currency: string;
  status: string;
  transfer_id: string | null;
  problem: string | null;
  run_key: string;
  created_at: string;
  ended_at: string | null;
}

export interface TransferPage {
  transfers: Transfer[];
  next: string | null;
}

/** `GET /api/dispatch/pros/{id}/statement`; positive cents are owed to the pro. */
export interface Statement {
  pro_id: string;
  name: string;
  from: string;
  to: string;
  currency: string;
  opening_cents: number;
  closing_cents: number;
  lines: { posted_at: string; kind: string; job_id: string | null; reference: string | null; service: string | null; memo: string; amount_cents: number; balance_cents: number }[];
}
