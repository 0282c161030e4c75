import type { Http } from "../../lib/http.ts";
import type { Job } from "../../lib/job.ts";
import type { Status } from "../../lib/wire.ts";
import type { Flag } from "./flag_section.ts";
import { edit } from "../words/edit.ts";

/** One line of what is to be installed; null where nobody has said yet. */
export interface Item {
  kind: string;
  name: string;
  quantity: number;
  mount_type: string | null;
  tv_size_in: number | null;
  customer_provides: boolean;
}

/** One thing to order. */
export interface PlanLine {
  sku: string;
  name: string;
  quantity: number;
  unit_cents: number;
  total_cents: number;
}

export interface OrderPlan {
  kit_type: string;
  lines: PlanLine[];
  total_cents: number;
  generated_by: string;
  generated_at: string;
  vendor: string | null;
  notes: string | null;
}

/** Codes of `tracker/jobs/metadata.py`. */
export interface Metadata {
  wire_management_required: string;
  wall_type: string;
  mounting_surface_notes: string | null;
  special_constraints: string[];
  customer_priority_notes: string | null;
  equipment_lane: string;
  items: Item[];
  order_required: boolean;
  order_stage: string;
  order_plan: OrderPlan | null;
  order_plan_outdated: boolean;
  order_id: string | null;
  estimated_payout_cents: number | null;
}

/** A status that the job may go to; `guards` are the codes of what stands in the way now. */
export interface NextStep {
  status: Status;
  unmet: string[];
  guards: string[];
  /** A written reason overrides the guards. */
  waivable: boolean;
}

/** A job as dispatch sees it. */
export interface DispatchJob extends Job {
  reference: string | null;
  final_price_cents: number | null;
  created_at: string;
  promised_arrival_at: string | null;
  labour_minutes: number | null;
  pro: { id: string; name: string; rating: number | null; rating_count: number } | null;
}

/** `GET /api/dispatch/jobs/{id}`, what the page uses of it. */
export interface JobDetail {
  version: number;
  job: DispatchJob;
  source: string;
  /** ISO 4217, of all amounts. */
  currency: string;
  customer_email: string | null;
  metadata: Metadata;
  pain_flags: Flag[];
  next: NextStep[];
  /** It may be given to a pro, or to another one. */
  assignable: boolean;
  /** An appointment may be agreed on, or another one. */
  schedulable: boolean;
  people: Record<string, string>;
}

/** One event of `GET /api/dispatch/jobs/{id}/events`. */
export interface JobEvent {
  version: number;
  kind: string;
  from_status: Status | null;
  to_status: Status | null;
  actor_id: string;
  actor_role: string;
  occurred_at: string;
  data: Record<string, unknown>;
}

interface EventPage {
  events: JobEvent[];
  /** The version that the page after this one begins behind. */
  next: number | null;
  people: Record<string, string>;
}

const EVENTS = 200;

/** One job as the server knows it, read once for all who show a part of it. */
export class JobSource {
  readonly id: string;
  readonly http: Http;
  /** The newest that was read. */
  newest: JobDetail | null = null;
  private readonly names = new Map<string, string>();
  private pending: Promise<JobDetail> | null = null;

  constructor(http: Http, id: string) {
    this.http = http;
    this.id = id;
  }

  /** Below `api/dispatch/jobs/{id}/`; without `what` the job itself. */
  path(what = ""): string {
    return `api/dispatch/jobs/${encodeURIComponent(this.id)}${what === "" ? "" : `/${what}`}`;
  }

  /** The job as it is now. Those who ask at one moment share an answer; who asks later gets a newer one. */
  read(): Promise<JobDetail> {
    if (this.pending === null) {
      this.pending = this.readNow();
      setTimeout(() => (this.pending = null));
    }
    return this.pending;
  }

  /** Everything that happened after a version, oldest first. */
  async eventsAfter(version: number): Promise<JobEvent[]> {
    const events: JobEvent[] = [];
    for (let after: number | null = version; after !== null; ) {
      const page: EventPage = await this.http.get(`${this.path("events")}?limit=${EVENTS}&after=${after}`);
      this.learn(page.people);
      events.push(...page.events);
      after = page.next;
    }
    return events;
  }

  /** Who changed the job after a version, by name; of several, the last. Events of other `kinds` are left out. */
  async whoSince(version: number, kinds: readonly string[] | null = null): Promise<string> {
    const events = await this.eventsAfter(version);
    const one = events.filter((event) => kinds === null || kinds.includes(event.kind)).at(-1) ?? events.at(-1);
    return one === undefined ? edit.somebody : this.nameOf(one.actor_id);
  }

  /** The name of somebody whom an answer named by their id. */
  nameOf(id: string): string {
    if (id === "system" || id === "money") return edit.system;
    return this.names.get(id) ?? id;
  }

  private async readNow(): Promise<JobDetail> {
    const detail = await this.http.get<JobDetail>(this.path());
    this.learn(detail.people);
    if (detail.job.pro !== null) this.learn({ [detail.job.pro.id]: detail.job.pro.name });
    if (this.newest === null || detail.version >= this.newest.version) this.newest = detail;
    return detail;
  }

  private learn(people: Record<string, string>): void {
    for (const [id, name] of Object.entries(people)) this.names.set(id, name);
  }
}
