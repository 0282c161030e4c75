import type { Contact, Status } from "../lib/wire.ts";

/** Every sentence of the dispatch page, in English. */
export const words = {
  map: "Map of the fleet",
  status: {
    pending: "Pending",
    pending_scheduling: "To be scheduled",
    open: "Open",
    accepted: "Accepted",
    scheduled: "Scheduled",
    en_route: "On the way",
    arrived: "Arrived",
    in_progress: "Working",
    completed: "Completed",
    paid: "Paid",
    cancelled: "Cancelled",
  } satisfies Record<Status, string>,
  active: "Active jobs",
  all: "All jobs",
  more: "Show more",
  noJobs: "No jobs here.",
  noPro: "no pro yet",
  close: "Close",
  fleet: (pros: number): string => (pros === 1 ? "1 pro in sight" : `${pros} pros in sight`),
  pro: (name: string, contact: string): string => `${name} · ${contact}`,
  fleetRefused: "Zoom in to see the pros.",
  contact: { live: "Live", delayed: "Delayed", lost: "Lost" } satisfies Record<Contact, string>,
  seen: (contact: string, ago: string): string => `${contact} · last seen ${ago}`,
  eta: (band: string, clock: string, distance: string): string => `Arrives in ${band}, around ${clock} · ${distance}`,
  trail: (points: number): string => `${points} points on the trail`,
  vehicle: (name: string): string => `${name}, current position`,
  place: "Where the job is",
  move: (status: string): string => `→ ${status}`,
  refused: (why: string): string => `Refused: ${why}`,
  overrideLabel: "Reason for going ahead anyway (kept in the audit log)",
  override: (status: string): string => `Override: ${status}`,
  offline: "Not connected. What you see may be out of date.",
  failed: (why: string): string => `That did not work: ${why}`,
  signedOut: { title: "Please sign in again", more: "The sign-in link is missing or has expired." },
} as const;

/** The colour family of a status. */
export function toneOf(status: Status): string {
  switch (status) {
    case "pending":
    case "pending_scheduling":
    case "open":
      return "open";
    case "accepted":
    case "scheduled":
      return "planned";
    case "en_route":
    case "arrived":
    case "in_progress":
      return "moving";
    case "completed":
    case "paid":
      return "done";
    case "cancelled":
      return "ended";
  }
}
