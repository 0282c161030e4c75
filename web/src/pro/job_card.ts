import { h } from "../lib/dom.ts";
import { money, timeWindow } from "../lib/format.ts";
import { nextStep, type Job, type Offer } from "../lib/job.ts";
import { region } from "../lib/region.ts";
import type { Status } from "../lib/wire.ts";
import { words } from "./words.ts";

/** One of the pro's own jobs: where, who, when, and one big button for the next step. */
export function jobCard(job: Job, move: (to: Status) => void): HTMLLIElement {
  const next = nextStep(job);
  const others = job.allowed.filter((status) => status !== next && (status !== "scheduled" || job.window_start));
  return h(
    "li",
    { "data-job": job.id, "data-status": job.status },
    h("div", { class: "row" }, h("h3", {}, job.service), h("span", { class: "tag" }, words.status[job.status])),
    h("p", {}, job.address),
    job.customer && h("p", { class: "muted" }, job.customer.name),
    agreed(job.window_start, job.window_end),
    next && h("button", { class: "button button-main step", type: "button", click: () => move(next) }, words.move[next]),
    h("div", { class: "actions" }, navigation(job), call(job), ...others.map((status) => secondary(status, move))),
  );
}

/** An open job of the feed. */
export function offerCard(offer: Offer, claim: () => void): HTMLLIElement {
  const miles = offer.distance_miles.toFixed(1);
  return h(
    "li",
    { "data-offer": offer.id },
    h("div", { class: "row" }, h("h3", {}, offer.service), h("span", { class: "price" }, money(offer.price_cents, region))),
    h("p", { class: "muted" }, `${offer.approximate_address} · ${words.away(miles)}`),
    agreed(offer.window_start, offer.window_end),
    h("button", { class: "button button-main", type: "button", click: claim }, words.claim),
  );
}

function agreed(start: string | null, end: string | null): HTMLElement | null {
  if (start === null || end === null) return null;
  const text = timeWindow(Date.parse(start), Date.parse(end), Date.now(), region);
  return h("p", { class: "muted small" }, text);
}

/** Hands the way over to the phone's own map (RFC 5870 `geo:`). */
function navigation(job: Job): HTMLElement {
  return h("a", { class: "button", href: `geo:${job.lat},${job.lng}?q=${job.lat},${job.lng}` }, words.navigate);
}

function call(job: Job): HTMLElement | null {
  const phone = job.customer?.phone?.replace(/[^+\d]/g, "");
  return phone ? h("a", { class: "button", href: `tel:${phone}` }, words.call(job.customer?.name ?? "")) : null;
}

function secondary(to: Status, move: (to: Status) => void): HTMLElement {
  return h("button", { class: "button", type: "button", click: () => move(to) }, words.move[to]);
}
