import type { Status } from "./wire.ts";

/** A job as `GET /api/me/jobs`, `/api/dispatch/jobs` and `/api/jobs/{id}` give it (what the pages use of it). */
export interface Job {
  id: string;
  status: Status;
  version: number;
  service: string;
  notes: string | null;
  lat: number;
  lng: number;
  address: string;
  price_cents: number;
  window_start: string | null;
  window_end: string | null;
  pro: { id?: string | null; name: string } | null;
  customer: { name: string; phone?: string | null } | null;
  /** What the one who does the work must know; null for others. */
  install?: Install | null;
  /** The statuses the caller may move it to. */
  allowed: Status[];
}

/** The install details: codes of `tracker/jobs/metadata.py`, "UNKNOWN" where nobody has said yet. */
export interface Install {
  wire_management_required: string;
  wall_type: string;
  mounting_surface_notes: string | null;
  special_constraints: string[];
  customer_priority_notes: string | null;
  items: { name: string; quantity: number }[];
}

/** `GET …/jobs`: a page of jobs; `next` is the cursor of the page after it. */
export interface JobPage {
  jobs: Job[];
  next: string | null;
}

/** An offer of the feed: before the claim only the approximate address is told. */
export interface Offer {
  id: string;
  service: string;
  approximate_address: string;
  approximate_lat: number;
  approximate_lng: number;
  price_cents: number;
  distance_miles: number;
  window_start: string | null;
  window_end: string | null;
}

/** Which step comes next from each status when all goes well. */
export const ONWARD: Partial<Record<Status, Status>> = {
  pending: "open",
  pending_scheduling: "open",
  accepted: "en_route",
  scheduled: "en_route",
  en_route: "arrived",
  arrived: "in_progress",
  in_progress: "completed",
};

/** The next step of a job when all goes well; null when the caller may not take it. */
export function nextStep(job: Pick<Job, "status" | "allowed">): Status | null {
  const next = ONWARD[job.status];
  return next !== undefined && job.allowed.includes(next) ? next : null;
}
