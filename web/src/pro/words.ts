import type { Status } from "../lib/wire.ts";
import type { Permission } from "./sharing.ts";

/** Every sentence of the pro's page, in English. */
export const words = {
  status: {
    pending: "Pending",
    pending_scheduling: "To be scheduled",
    open: "Open",
    accepted: "Accepted",
    scheduled: "Scheduled",
    en_route: "On the way",
    arrived: "Arrived",
    in_progress: "Working",
    completed: "Done",
    paid: "Paid",
    cancelled: "Cancelled",
  } satisfies Record<Status, string>,

  /** What a button that moves a job there says. */
  move: {
    pending: "Put back",
    pending_scheduling: "To be scheduled",
    open: "Give the job back",
    accepted: "Turn back",
    scheduled: "Mark as scheduled",
    en_route: "Set off",
    arrived: "I have arrived",
    in_progress: "Start work",
    completed: "Finish the job",
    paid: "Mark as paid",
    cancelled: "Cancel the job",
  } satisfies Record<Status, string>,
  sure: { open: "Give this job back, so that someone else can take it?", cancelled: "Cancel this job? The customer will be told." },

  noJobs: "No jobs right now. Claim one below.",
  whereAreYou: "Share your location to see the open jobs near you.",
  noOffers: "Nothing open near you at the moment. New jobs appear here by themselves.",
  claim: "Claim",
  claimed: (service: string): string => `You got the job: ${service}.`,
  tooSlow: "Someone was a moment quicker. That job is gone; here is what is still open.",
  arrivalSuggested: "You seem to be there. Tap “I have arrived” when you are at the door.",
  away: (miles: string): string => `${miles} mi away`,
  navigate: "Navigate",
  call: (name: string): string => `Call ${name}`,
  notDone: (why: string): string => `That did not work: ${why}`,
  offline: "You are offline. Please try again when you are connected.",

  sharing: {
    off: { title: "Location is off", more: "Customers cannot see you coming. Share your location while you are on duty." },
    asking: { title: "Waiting for your location…", more: "If your phone asks, allow this page to use it." },
    on: { title: "Sharing your location", more: "" },
    denied: { title: "Location is blocked", more: "Allow location for this page in your browser’s site settings, then try again." },
    silent: { title: "No position from your phone", more: "Check that location is switched on in your phone’s settings, and that you have a view of the sky." },
    insecure: { title: "Location needs a secure address", more: "Open this page with https:// to share your location." },
    missing: { title: "This browser cannot share a location", more: "Please use a current version of your phone’s own browser." },
  } satisfies Record<Permission, { title: string; more: string }>,
  start: "Share my location",
  again: "Try again",
  stop: "Stop sharing",
  lastSent: (ago: string, accuracy: string): string => `Last sent ${ago} · accurate to ${accuracy}`,
  notYetSent: "Sending your first position…",
  queued: (count: number, ago: string): string =>
    `${count === 1 ? "One position is" : `${count} positions are`} kept on this phone, the oldest from ${ago}. They go out when you are connected again.`,
  dropped: (count: number): string => ` The ${count} oldest did not fit any more.`,
  notDurable: " Keep this page open: your phone has no room to store them.",
  refusedBy: (reason: string): string => `The server does not take your position: ${reason}`,
  reason: {
    clock_absurd: "your phone’s clock is wrong. Set it to automatic.",
    not_your_job: "the job is not yours any more.",
  } as Record<string, string>,

  signedOut: {
    title: "Please sign in again",
    more: "Your sign-in link is missing or has expired. Ask dispatch for a new one.",
  },
} as const;
