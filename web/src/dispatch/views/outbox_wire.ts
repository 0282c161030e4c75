/** What the outbox page reads. Moments are ISO 8601. */

/** `GET /api/dispatch/outbox`: effects of one kind; `oldest`: since when the oldest due one is due. */
export interface Backlog {
  effect: string;
  waiting: number;
  failing: number;
  dead: number;
  oldest: string | null;
}

/** `GET /api/dispatch/outbox/dead`: an effect that was put aside. */
export interface DeadLetter {
  id: number;
  effect: string;
  job_id: string | null;
  subject: string | null;
  attempts: number;
  reason: string | null;
  dead_at: string;
  retried_by: string | null;
}

export interface DeadPage {
  dead: DeadLetter[];
  next: string | null;
}
