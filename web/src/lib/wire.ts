/** The wire contract: what the server sends over Socket.IO and HTTP. Times are ISO 8601 UTC. */

export type Status =
  | "pending"
  | "pending_scheduling"
  | "open"
  | "accepted"
  | "scheduled"
  | "en_route"
  | "arrived"
  | "in_progress"
  | "completed"
  | "paid"
  | "cancelled";

/** How fresh the pro's signal is, judged by the server against the sending policy. */
export type Contact = "live" | "delayed" | "lost";

export interface Place {
  lat: number;
  lng: number;
}

/** Time to arrival in seconds, with its confidence band. */
export interface Eta {
  seconds: number;
  low: number;
  high: number;
  distance_m: number;
  source: string;
}

/** `location_update`: the newest good fix of the job's pro. `next_in_s` is when the next is due. */
export interface LocationUpdate extends Place {
  job_id: string;
  seq: number;
  version: number;
  accuracy: number | null;
  heading: number | null;
  speed: number | null;
  recorded_at: string;
  eta: Eta | null;
  next_in_s: number | null;
}

export interface StatusChanged {
  job_id: string;
  version: number;
  status: Status;
  previous: Status;
  occurred_at: string;
}

export interface ContactChanged {
  job_id: string;
  contact: Contact;
  last_seen: string | null;
}

/** A job as its watchers see it; what a viewer may not see is absent. */
export interface WatchedJob {
  id: string;
  status: Status;
  version: number;
  service: string;
  destination: Place;
  address: string;
  window_start: string | null;
  window_end: string | null;
  /** The company's zone (IANA), in which the window was agreed on; null while it is not known. */
  time_zone?: string | null;
  pro: WatchedPro | null;
  customer_name?: string;
}

/** Who comes. `photo` is relative to the app's root; `rating` is an average of 1 to 5 stars. */
export interface WatchedPro {
  id?: string;
  name: string;
  photo?: string | null;
  rating?: number | null;
  rating_count?: number;
}

/** One point of a trail: latitude, longitude, epoch milliseconds. */
export type TrailPoint = [lat: number, lng: number, ms: number];

/** What a joiner gets first. */
export interface Snapshot {
  job: WatchedJob;
  /** The customer passed the link on: the viewer may look and nothing else. */
  shared?: boolean;
  position: LocationUpdate | null;
  contact: Contact | null;
  last_seen: string | null;
  eta: Eta | null;
  trail: TrailPoint[];
  version: number;
  seq: number | null;
}

export interface WatchAck {
  ok: true;
  recovered: boolean;
  snapshot?: Snapshot;
  missed?: { event: string; data: unknown }[];
}

/** Why the server said no; `retry` says whether the same request can succeed later. */
export interface Refusal {
  code: string;
  message: string;
  retry: boolean;
}

export type Ack<T> = T | { ok: false; error: Refusal };

/** `GET /api/map`: what to draw under the dot. Addresses are relative to the app's root. */
export interface MapSettings {
  tiles_url: string | null;
  attribution: string;
  streets_url: string | null;
  center: [lat: number, lng: number];
  zoom: number;
}

/** The demo city's own streets. */
export interface Streets {
  name: string;
  attribution: string;
  roads: { kind: string; name?: string | null; line: [lat: number, lng: number][] }[];
  areas?: { kind: string; name?: string | null; ring: [lat: number, lng: number][] }[];
}
