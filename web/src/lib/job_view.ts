import type {
  Contact,
  ContactChanged,
  Eta,
  LocationUpdate,
  Snapshot,
  StatusChanged,
  TrailPoint,
  WatchAck,
  WatchedJob,
} from "./wire.ts";

/** What a watcher knows of one job. A value: events make a new one. */
export interface JobView {
  readonly job: WatchedJob;
  /** Whether the viewer has a link that the customer passed on. */
  readonly shared: boolean;
  readonly position: LocationUpdate | null;
  readonly contact: Contact | null;
  /** Epoch milliseconds of the newest fix. */
  readonly last_seen_ms: number | null;
  readonly eta: Eta | null;
  readonly trail: readonly TrailPoint[];
  readonly version: number;
  readonly seq: number;
}

/** An event's outcome: the new view, and whether a fresh snapshot is needed to be sure of it. */
export interface Applied {
  view: JobView;
  stale: boolean;
}

/** Eight hours at one point each five seconds; older points are let go first. */
const TRAIL_LIMIT = 5_760;

/** The view a snapshot gives; `before` keeps its older trail, of which a snapshot has only the tail. */
export function viewOf(snapshot: Snapshot, before: JobView | null = null): JobView {
  const sameJob = before !== null && before.job.id === snapshot.job.id && snapshot.trail.length > 0;
  const position = newer(snapshot.position, before);
  return {
    job: snapshot.job,
    shared: snapshot.shared === true,
    position,
    contact: snapshot.contact,
    last_seen_ms: latest(parse(snapshot.last_seen), parse(position?.recorded_at)),
    eta: position === snapshot.position ? (snapshot.eta ?? position?.eta ?? null) : (position?.eta ?? null),
    trail: sameJob ? joinTrails(before.trail, snapshot.trail) : snapshot.trail,
    version: snapshot.version,
    seq: position?.seq ?? snapshot.seq ?? 0,
  };
}

/** A dot may overtake the snapshot that was asked before it: then the dot stays. */
function newer(position: LocationUpdate | null, before: JobView | null): LocationUpdate | null {
  const known = before?.position ?? null;
  if (position === null || known === null || known.job_id !== position.job_id) return position;
  return known.seq > position.seq ? known : position;
}

/** The view after a `watch` was answered: the snapshot, or what was missed on top of what is known. */
export function viewAfter(ack: WatchAck, before: JobView | null): Applied | null {
  if (ack.snapshot) return { view: viewOf(ack.snapshot, before), stale: false };
  if (before === null) return null;
  let outcome: Applied = { view: before, stale: false };
  for (const { event, data } of ack.missed ?? []) {
    const next = apply(outcome.view, event, data);
    outcome = { view: next.view, stale: outcome.stale || next.stale };
  }
  return outcome;
}

/** The view after one event of the job's room. */
export function apply(view: JobView, event: string, data: unknown): Applied {
  if ((data as { job_id?: unknown } | null)?.job_id !== view.job.id) return { view, stale: false };
  switch (event) {
    case "location_update":
      return moved(view, data as LocationUpdate);
    case "status_changed":
      return restated(view, data as StatusChanged);
    case "contact_changed":
      return { view: touched(view, data as ContactChanged), stale: false };
    case "trail_changed":
      return { view, stale: true };
    default:
      return { view, stale: false };
  }
}

/** An older dot is ignored; a dot that knows a later version means that a status was missed. */
function moved(view: JobView, update: LocationUpdate): Applied {
  const stale = update.version > view.version;
  if (update.seq <= view.seq || !Number.isFinite(update.lat) || !Number.isFinite(update.lng)) {
    return { view, stale };
  }
  const ms = Date.parse(update.recorded_at);
  const trail = [...view.trail, [update.lat, update.lng, ms] satisfies TrailPoint].slice(-TRAIL_LIMIT);
  return {
    view: {
      ...view,
      position: update,
      contact: "live",
      last_seen_ms: latest(view.last_seen_ms, ms),
      eta: update.eta ?? null, // a replayed dot has none
      trail,
      seq: update.seq,
    },
    stale,
  };
}

/** A status changes what the viewer may see (a name, a position), so it always asks for a snapshot. */
function restated(view: JobView, change: StatusChanged): Applied {
  if (change.version <= view.version) return { view, stale: false };
  const job = { ...view.job, status: change.status, version: change.version };
  return { view: { ...view, job, version: change.version }, stale: true };
}

function touched(view: JobView, change: ContactChanged): JobView {
  return { ...view, contact: change.contact, last_seen_ms: latest(view.last_seen_ms, parse(change.last_seen)) };
}

/** A snapshot's trail, preceded by what we already knew of the time before it. */
function joinTrails(known: readonly TrailPoint[], fresh: readonly TrailPoint[]): TrailPoint[] {
  const first = fresh[0]?.[2] ?? Number.POSITIVE_INFINITY;
  return [...known.filter((point) => point[2] < first), ...fresh].slice(-TRAIL_LIMIT);
}

function parse(iso: string | null | undefined): number | null {
  const ms = iso ? Date.parse(iso) : Number.NaN;
  return Number.isFinite(ms) ? ms : null;
}

function latest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}
