/** `GET /api/dispatch/analytics`: docs/analytics.md says what each figure is. What is not known is null. */

export interface Figures {
  jobs: { created: number; completed: number; cancelled: number };
  claims: { claimed: number; median_s: number | null; p90_s: number | null };
  arrivals: {
    arrivals: number;
    with_window: number;
    on_time: number;
    on_time_share: number | null;
    with_promise: number;
    eta_median_min: number | null;
    eta_p90_min: number | null;
    eta_within_5_min_share: number | null;
  };
  money: {
    captured_cents: number;
    refunded_cents: number;
    revenue_cents: number;
    fees_cents: number;
    pros_cents: number;
    paid_out_cents: number;
  };
  ratings: { count: number; mean: number | null };
  messages: { queued: number; sending: number; sent: number; delivered: number; failed: number; expired: number; cost_micros: number; jobs: number };
}

export interface Report {
  /** The company's days, `2026-11-21`, both included. */
  from: string;
  to: string;
  time_zone: string;
  currency: string;
  statuses: Record<string, number>;
  payouts_due_cents: number;
  total: Figures;
  days: { day: string; figures: Figures }[];
}
