import { serverNow } from "../../lib/clock.ts";
import { h } from "../../lib/dom.ts";
import { ago, arrival, clock, distance, moment, money, timeWindow } from "../../lib/format.ts";
import { numberFormat } from "../../lib/formatters.ts";
import type { JobView } from "../../lib/job_view.ts";
import { region } from "../../lib/region.ts";
import { fact } from "./facts.ts";
import type { JobDetail } from "./detail.ts";
import { panel as say } from "../words/panel.ts";
import { words, worded } from "../words.ts";

/** What stands in the head of the panel, in lines: where the pro is, as of now. */
export function whereabouts(view: JobView, now_ms: number): string[] {
  const { eta, last_seen_ms, contact } = view;
  const lines: string[] = [];
  if (eta !== null && last_seen_ms !== null && view.job.status === "en_route") {
    const { band, at_ms } = arrival(eta, (now_ms - last_seen_ms) / 1_000, now_ms, region);
    lines.push(words.eta(band, clock(at_ms, region), distance(eta.distance_m, region)));
  }
  if (contact !== null && last_seen_ms !== null) lines.push(words.seen(words.contact[contact], ago(last_seen_ms, now_ms, region)));
  if (view.trail.length > 0) lines.push(words.trail(view.trail.length));
  return lines;
}

/** A rating with one digit: "4.8". */
export function stars(rating: number): string {
  return numberFormat(region.locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(rating);
}

/** Who, where, when and for how much: what a dispatcher on the telephone needs at once. */
export function factsOf(detail: JobDetail): HTMLElement {
  const { job } = detail;
  return h(
    "dl",
    { class: "job-facts small" },
    fact(say.customer, ...customer(detail)),
    fact(say.address, job.address),
    fact(say.pro, ...pro(detail)),
    fact(say.appointment, appointment(detail)),
    fact(say.price, price(detail)),
    job.notes !== null && fact(say.notes, job.notes),
    job.labour_minutes !== null && fact(say.labour, say.minutes(job.labour_minutes)),
    fact(say.ordered, ordered(detail)),
  );
}

function customer({ job, customer_email }: JobDetail): (Node | string | null)[] {
  const { name = "", phone = null } = job.customer ?? {};
  return [
    h("span", {}, name),
    phone && h("a", { href: `tel:${phone.replaceAll(/[^\d+]/g, "")}`, "aria-label": `${say.call} ${name}, ${phone}` }, phone),
    customer_email && h("a", { href: `mailto:${encodeURIComponent(customer_email).replaceAll("%40", "@")}` }, customer_email),
  ].filter((one) => one !== "");
}

function pro({ job }: JobDetail): Node[] {
  if (job.pro === null) return [h("span", {}, words.noPro)];
  const { name, rating, rating_count } = job.pro;
  return [h("span", {}, name), h("span", { class: "muted" }, rating === null ? say.unrated : say.rated(stars(rating), rating_count))];
}

function appointment({ job }: JobDetail): string {
  const parts: string[] = [];
  if (job.window_start !== null && job.window_end !== null) parts.push(timeWindow(Date.parse(job.window_start), Date.parse(job.window_end), serverNow(), region));
  if (job.promised_arrival_at !== null) parts.push(say.promised(clock(Date.parse(job.promised_arrival_at), region)));
  return parts.join(" · ") || say.noAppointment;
}

function price({ job, metadata, currency }: JobDetail): string {
  const cents = job.final_price_cents ?? job.price_cents;
  const share = metadata.estimated_payout_cents;
  return [money(cents, region, currency), share !== null && say.share(money(share, region, currency))].filter(Boolean).join(" · ");
}

function ordered({ job, source }: JobDetail): string {
  const parts = [moment(Date.parse(job.created_at), region), worded(say.source, source)];
  if (job.reference !== null) parts.push(say.reference(job.reference));
  return parts.join(" · ");
}
