import { onServerClock } from "../lib/clock.ts";
import { h } from "../lib/dom.ts";
import { clock, money, timeWindow } from "../lib/format.ts";
import { nextStep, type Job, type Offer } from "../lib/job.ts";
import { region } from "../lib/region.ts";
import type { Status } from "../lib/wire.ts";
import type { Errand, Shows } from "./errands.ts";
import type { Piece } from "./evidence.ts";
import { evidencePart } from "./evidence_part.ts";
import { installPart } from "./install_part.ts";
import { navigationTo } from "./navigation.ts";
import { words } from "./words.ts";

export interface JobCardParts {
  /** The next job to do. */
  first: boolean;
  /** A step was tapped a moment ago. */
  settling: boolean;
  /** The server thinks that the pro is there. */
  suggested: boolean;
  /** What was done to this job and is not sent yet. */
  waiting: readonly Errand[];
  pieces: readonly Piece[];
  /** A photo is being made small. */
  preparing: boolean;
  move(to: Status): void;
  addPhoto(shows: Shows, files: readonly File[]): void;
  /** In a demo: hands in a drawn photo. */
  addSample: ((shows: Shows) => void) | null;
  sign(): void;
}

/** One of the pro's own jobs: where, who, when, and one big button for the next step. */
export function jobCard(job: Job, parts: JobCardParts): HTMLLIElement {
  const next = nextStep(job);
  const others = job.allowed.filter((status) => status !== next && (status !== "scheduled" || job.window_start));
  const button = (to: Status, main: boolean): HTMLElement => {
    const look = main ? `button button-main${parts.first ? " step" : ""}` : "button quiet";
    const still = parts.settling ? { "aria-disabled": "true" } : {};
    const key = main ? `${job.id}:next` : `${job.id}:${to}`;
    return h("button", { class: look, type: "button", "data-key": key, ...still, click: () => parts.move(to) }, words.move[to]);
  };
  return h(
    "li",
    { class: parts.first ? "job is-first" : "job", "data-job": job.id, "data-status": job.status },
    h("div", { class: "row" }, h("h3", {}, job.service), h("span", { class: "tag" }, words.status[job.status])),
    agreed(job.window_start, job.window_end),
    h("div", {}, h("p", { class: "address" }, job.address), job.customer && h("p", { class: "muted" }, job.customer.name)),
    h("div", { class: "actions" }, navigation(job), call(job)),
    parts.suggested && h("p", { class: "notice notice-news small", role: "status" }, words.arrivalSuggested),
    job.status === "arrived" || job.status === "in_progress" ? evidencePart(job, parts) : null,
    installPart(job),
    next && button(next, true),
    waitingTap(parts.waiting),
    others.length > 0 && h("div", { class: "actions end" }, ...others.map((status) => button(status, false))),
  );
}

/** An open job of the feed. */
export function offerCard(offer: Offer, claim: () => void, busy: boolean): HTMLLIElement {
  const miles = Math.max(0.1, offer.distance_miles).toLocaleString(region.locale, { maximumFractionDigits: 1 });
  const button = h("button", { class: "button button-main", type: "button", "data-key": `${offer.id}:claim`, click: claim }, words.claim);
  button.disabled = busy;
  return h(
    "li",
    { class: "job", "data-offer": offer.id },
    h("div", { class: "row" }, h("h3", {}, offer.service), h("span", { class: "price" }, money(offer.price_cents, region))),
    h("p", { class: "muted" }, `${offer.approximate_address} · ${words.miles(miles)}`),
    agreed(offer.window_start, offer.window_end),
    button,
  );
}

function agreed(start: string | null, end: string | null): HTMLElement | null {
  if (start === null || end === null) return null;
  const text = timeWindow(Date.parse(start), Date.parse(end), onServerClock(Date.now()), region);
  return h("p", { class: "when" }, text);
}

function navigation(job: Job): HTMLElement {
  const href = navigationTo(job, navigator.userAgent, navigator.maxTouchPoints);
  const elsewhere = href.startsWith("https:") ? { target: "_blank", rel: "noreferrer" } : {};
  return h("a", { class: "button", href, "data-key": `${job.id}:navigate`, ...elsewhere }, words.navigate);
}

function call(job: Job): HTMLElement | null {
  const phone = job.customer?.phone?.replace(/[^+\d]/g, "");
  if (!phone) return null;
  return h("a", { class: "button", href: `tel:${phone}`, "data-key": `${job.id}:call` }, words.call(job.customer?.name ?? ""));
}

/** The last tap that is not sent yet. */
function waitingTap(waiting: readonly Errand[]): HTMLElement | null {
  const tap = waiting.filter(({ kind }) => kind === "step").at(-1);
  if (tap === undefined) return null;
  const when = words.sentWithTime(clock(onServerClock(tap.at_ms), region));
  return h("p", { class: "small muted waits" }, `${when}. ${words.waitsToBeSent}`);
}
