import type { Status } from "../../lib/wire.ts";

/** `GET /api/dispatch/jobs/{id}/money`, what the page uses of it. Amounts are integer cents. */

export interface Payment {
  id: number;
  purpose: string;
  provider: string;
  status: string;
  amount_cents: number;
  authorized_cents: number;
  captured_cents: number;
  tip_cents: number;
  refunded_cents: number;
  capture_before: string | null;
  dispute: string | null;
  disputed_cents: number;
  problem: string | null;
  checkout_id: string | null;
}

export interface Refund {
  id: number;
  amount_cents: number;
  reason: string;
  status: string;
  problem: string | null;
}

/** One entry of the ledger; debits are positive. */
export interface LedgerLine {
  id: number;
  kind: string;
  account: string;
  pro_id: string | null;
  amount_cents: number;
  posted_at: string;
}

export interface Payout {
  id: number;
  pro_id: string;
  kind: string;
  amount_cents: number;
  status: string;
  held_for: string | null;
  problem: string | null;
  transfer: number | null;
}

export interface Money {
  state: string;
  provider: string;
  currency: string;
  price_cents: number;
  tip_cents: number;
  captured_cents: number;
  refunded_cents: number;
  payments: Payment[];
  refunds: Refund[];
  ledger: LedgerLine[];
  payouts: Payout[];
}

/** A job's money beside the job's status, which says what may still be done about it. */
export interface JobMoney extends Money {
  job_status: Status;
}

/** `GET /api/dispatch/payouts/due`: what a run would do for each pro now; `outcome` null: nothing is due. */
export interface PayoutsDue {
  pros: { pro_id: string; name: string; outcome: string | null; due: { cents: number } }[];
}

/** `POST /api/dispatch/payouts/run`: what was done for each pro. */
export interface PayoutRun {
  pros: { pro_id: string; outcome: string; amount_cents: number }[];
}
