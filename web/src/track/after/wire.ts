/** `GET /api/jobs/{id}/receipt`. Amounts are integer cents. */
export interface Receipt {
  reference: string;
  status: string;
  version: number;
  money: string;
  sandbox: boolean;
  currency: string;
  price_cents: number;
  tip_cents: number;
  total_cents: number;
  charged_cents: number;
  open_cents: number;
  refunded_cents: number;
  started_at: string | null;
  finished_at: string | null;
  labour_minutes: number | null;
  tips: { amount_cents: number; status: "with_price" | "waiting" | "taken" | "failed" }[];
  may_tip: boolean;
  review: { rating: number; comment: string } | null;
  may_review: boolean;
}

/** A photo of `GET /api/jobs/{id}/evidence`; its addresses are good for five minutes. */
export interface Photo {
  id: string;
  kind: "before" | "after";
  url: string;
  thumb_url: string;
}
