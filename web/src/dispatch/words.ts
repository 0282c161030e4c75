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
  unread: (why: string): string => `could not be read: ${why}`,
  cancel: "Back",
  whyCancelled: "Why is the job cancelled? Both sides are told that it is",
  cancelJob: "Cancel the job",
  candidate: {
    away: (distance: string): string => `${distance} away`,
    jobs: (jobs: number): string => (jobs === 1 ? "1 job" : `${jobs} jobs`),
    conflict: "busy at that time",
    offDuty: "off duty",
  },
  nobody: "No pro can take this job: nobody with its skill.",
  assignTo: "Who does it",
  assign: "Assign",
  from: "From",
  until: "Until",
  schedule: "Schedule",
  flags: {
    title: "Flags",
    digest: (open: number, critical: boolean): string => (open === 0 ? "none open" : `${open} open${critical ? ", critical" : ""}`),
    type: {
      WIRE_MANAGEMENT_UNKNOWN: "Wires: nobody has asked",
      WALL_TYPE_UNKNOWN: "Wall type unknown",
      ORDERING_AMBIGUOUS: "Ordering is unclear",
      SCHEDULE_CONFLICT: "Two jobs at one time",
      ACCESS_DETAILS_MISSING: "How to get in is missing",
      TEAM_REQUIRED_UNCONFIRMED: "A second person is not confirmed",
      SCOPE_MISMATCH: "Scope does not fit",
      CUSTOMER_EXPECTATION_RISK: "Customer expects something else",
    },
    severity: { LOW: "Low", MEDIUM: "Medium", HIGH: "High", CRITICAL: "Critical" },
    byRule: "Found by a rule",
    by: (who: string): string => `Added by ${who}`,
    add: "Add a flag",
    which: "What may go wrong",
    howBad: "How bad",
    note: "Note",
    resolve: "Resolve",
    notes: (flag: string): string => `What was done about “${flag}”`,
    resolved: (flag: string, who: string): string => `${flag}: ${who}`,
    resolvedBy: (who: string): string => `resolved by ${who}`,
    resolvedByRule: "no longer so",
  },
  money: {
    title: "Money",
    digest: (state: string, amount: string): string => `${state} · ${amount}`,
    state: {
      none: "Not asked for",
      waiting: "Waiting",
      held: "Held",
      captured: "Taken",
      partly_refunded: "Partly given back",
      refunded: "Given back",
      disputed: "Disputed",
      released: "Let go",
      failed: "Failed",
    },
    price: "Price",
    tip: "Tip",
    taken: "Taken",
    given: "Given back",
    payments: "Payments",
    purpose: { hold: "Hold", overage: "Over the hold", tip: "Tip" },
    payment: { asked: "asked for", authorized: "held", captured: "taken", released: "let go", failed: "failed" },
    back: (amount: string): string => `${amount} given back`,
    withTip: (amount: string): string => `with a tip of ${amount}`,
    dispute: (state: string): string => `dispute ${state}`,
    before: (when: string): string => `must be taken before ${when}`,
    payAsCustomer: "Pay as the customer",
    refunds: "Given back",
    refund: "Refund",
    refunded: { asked: "on its way", done: "done", failed: "failed" },
    payouts: "Payouts",
    payoutKind: { job: "For the job", tip: "Tip", overage: "Over the hold", correction: "Correction" },
    payout: { pending: "waits for approval", approved: "approved", paid: "paid", failed: "failed" },
    to: (pro: string): string => `to ${pro}`,
    held: (why: string): string => `held back: ${why}`,
    approve: "Approve",
    retry: "Try again",
    run: "Pay out what is approved",
    unpaid: (pro: string, outcome: string): string =>
      outcome === "no_account" ? `${pro} has no payout account.` : `${pro} is owed nothing now; it is carried over.`,
    setAccount: "Set the payout account",
    account_of: (pro: string): string => `Payout account of ${pro}`,
    checkout: "Send a payment page",
    hold: "Hold on the saved card",
    setPrice: "Set the final price",
    newPrice: "Final price",
    giveBack: "Give money back",
    howMuch: "How much",
    reason: "Reason",
    ledger: "Ledger: what came in is positive, what is owed negative",
    entry: { capture: "Taken", deposit: "Taken before the work", payout: "Paid out", refund: "Given back", correction: "Correction" },
    account: {
      provider_balance: "At the payment provider",
      platform_revenue: "Our fee",
      deposits: "Deposits",
      disputed: "Disputed",
      losses: "Losses",
    },
    owed: (pro: string): string => `Owed to ${pro}`,
    sum: "Sum",
  },
  messages: {
    title: "Messages",
    digest: (messages: number, trouble: number): string =>
      messages === 0 ? "none" : `${messages}${trouble === 0 ? "" : `, ${trouble} did not arrive`}`,
    none: "Nobody has been told anything yet.",
    way: (channel: string, who: string, when: string): string => `${channel} to ${who} · ${when}`,
    channel: { sms: "Text", email: "Mail", push: "Push" },
    status: {
      queued: "queued",
      sending: "being sent",
      sent: "sent",
      delivered: "delivered",
      failed: "failed",
      suppressed: "not wanted",
      expired: "came too late",
    },
    resend: "Send again",
  },
  sandbox: {
    label: "SANDBOX",
    title: "Sandbox",
    meaning: "No provider is set up for these: nothing was charged, and nothing was sent.",
    open: "Sandbox",
    none: "Nothing yet.",
    kind: { payment_intent: "Payment", checkout: "Payment page", refund: "Refund", transfer: "Transfer", sms: "Text", email: "Mail", push: "Push" },
    status: {
      open: "open",
      complete: "paid on",
      expired: "closed",
      requires_capture: "held",
      succeeded: "done",
      canceled: "let go",
    },
    to: (who: string): string => `To ${who}`,
    openJob: "Open the job",
  },
  order: {
    add: "Order something",
    service: "Service",
    skill: "Skill",
    price: "Price",
    address: "Address",
    name: "Customer",
    email: "Mail",
    phone: "Phone",
    send: "Order",
    example: {
      service: "Mount a 65-inch TV",
      address: "1 Example Street",
      name: "Robin Example",
      email: "robin@example.com",
      phone: "+1 202 555 0142",
    },
  },
  bell: {
    title: "Alerts",
    open: (unread: number): string => (unread === 0 ? "Alerts" : `Alerts (${unread})`),
    none: "Nothing yet.",
    readAll: "I have read them",
  },
  evidence: {
    title: "Photos and signature",
    digest: (pieces: number, doubtful: number): string => (pieces === 0 ? "none" : `${pieces}${doubtful === 0 ? "" : `, ${doubtful} to look at`}`),
    none: "Nothing has been sent yet.",
    alt: (kind: string, at: string): string => `${kind}, ${at}`,
    kind: { before: "Before", after: "After", signature: "Signature" },
    doubt: {
      taken_elsewhere: "Taken elsewhere",
      taken_at_another_time: "Taken at another time",
      no_capture_time: "No time in it",
      no_place: "No place in it",
      edited_software: "Edited",
    },
  },
  reviews: {
    title: "Reviews",
    empty: "none",
    none: "Nobody has written one yet.",
    stars: (stars: number): string => `${stars} of 5`,
    direction: { customer_to_pro: "of the pro", pro_to_customer: "of the customer" },
    hidden: (author: string): string => `${author} · hidden, does not count`,
    hide: "Hide",
    show: "Show again",
    why: "Why (kept in the audit log)",
  },
  timeline: {
    title: "Timeline",
    digest: (events: number): string => (events === 1 ? "1 event" : `${events} events`),
    by: (who: string): string => `by ${who}`,
    fact: (name: string, value: string): string => `${name.replaceAll("_", " ")}: ${value}`,
    kind: {
      created: "Ordered",
      payment_asked: "Payment asked for",
      hold_placed: "Money held",
      captured: "Money taken",
      refund_asked: "Refund asked for",
      price_changed: "Final price set",
      window_changed: "Appointment changed",
      pain_flag_added: "Flag added",
      pain_flag_resolved: "Flag resolved",
      evidence_added: "Photo or signature came",
      home_scored: "Home score counted",
    },
  },
  signedOut: { title: "Please sign in again", more: "The sign-in link is missing or has expired." },
} as const;

/** The words for a value of the server's; a value that this page does not know yet is shown as it is. */
export function worded(known: Readonly<Record<string, string>>, value: string): string {
  if (Object.hasOwn(known, value)) return known[value] ?? value;
  const plain = value.replaceAll("_", " ").toLowerCase();
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

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
