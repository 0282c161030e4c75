import { h } from "../../lib/dom.ts";
import { money } from "../../lib/format.ts";
import { region } from "../../lib/region.ts";
import { analytics as words } from "../words/analytics.ts";
import { fromMicros, lasting, percent, plain } from "./amounts.ts";
import type { Figures, Report } from "./analytics_wire.ts";
import { ofAmount, ofAverage, ofShare, type Difference } from "./comparison.ts";

interface Tile {
  title: string;
  /** null: not known. */
  value: string | null;
  of: string;
  difference: Difference | null;
  /** The size of a difference in words. */
  say(size: number): string;
}

/** The range in one look; with the days before, each figure says how it differs from them. */
export function tilesOf(report: Report, before: Figures | null, days: number): HTMLElement {
  return h("ul", { class: "tiles" }, ...tiles(report, before).map((tile) => element(tile, words.before(days))));
}

function tiles({ total, currency }: Report, before: Figures | null): Tile[] {
  const cents = (amount: number): string => money(amount, region, currency);
  const amount = (title: string, value: string | null, of: string, figure: (figures: Figures) => number | null): Tile => ({
    title,
    value,
    of,
    difference: before && ofAmount(figure(total), figure(before)),
    say: (size) => percent(size, region),
  });
  const share = (title: string, of: string, figure: (figures: Figures) => number | null): Tile => ({
    title,
    value: known(figure(total), (value) => percent(value, region)),
    of,
    difference: before && ofShare(figure(total), figure(before)),
    say: (size) => words.points(plain(size, region)),
  });
  const { money: sums, jobs, claims, arrivals, ratings, messages } = total;
  return [
    amount(words.tiles.revenue, cents(sums.revenue_cents), words.of.revenue, (one) => one.money.revenue_cents),
    amount(words.tiles.fees, cents(sums.fees_cents), words.of.fees, (one) => one.money.fees_cents),
    amount(words.tiles.paidOut, cents(sums.paid_out_cents), words.of.paidOut, (one) => one.money.paid_out_cents),
    amount(words.tiles.completed, plain(jobs.completed, region), words.of.created(jobs.created), (one) => one.jobs.completed),
    amount(words.tiles.cancelled, plain(jobs.cancelled, region), words.of.cancelled, (one) => one.jobs.cancelled),
    amount(words.tiles.claim, known(claims.median_s, (value) => lasting(value / 60, region)), words.of.claim, (one) => one.claims.median_s),
    share(words.tiles.onTime, words.of.onTime(arrivals.on_time, arrivals.with_window), (one) => one.arrivals.on_time_share),
    share(words.tiles.eta, words.of.eta(arrivals.with_promise), (one) => one.arrivals.eta_within_5_min_share),
    {
      title: words.tiles.rating,
      value: known(ratings.mean, (value) => `★ ${plain(value, region, 2)}`),
      of: words.of.rating(ratings.count),
      difference: before && ofAverage(ratings.mean, before.ratings.mean),
      say: (size) => plain(size, region, 2),
    },
    amount(words.tiles.messages, fromMicros(messages.cost_micros, region), words.of.messages(messages.jobs), (one) => one.messages.cost_micros),
  ];
}

function known(value: number | null, said: (value: number) => string): string | null {
  return value === null ? null : said(value);
}

function element({ title, value, of, difference, say }: Tile, than: string): HTMLElement {
  return h(
    "li",
    { class: "tile" },
    h("h2", { class: "small muted" }, title),
    h("p", { class: "tile-value" }, value ?? "–"),
    h("p", { class: "small muted" }, of),
    difference && compared(difference, say, than),
  );
}

function compared({ direction, size }: Difference, say: (size: number) => string, than: string): HTMLElement {
  const mark = { more: "▲", less: "▼", same: "＝" }[direction];
  const text = direction === "same" ? words.same(than) : words[direction](say(size), than);
  return h("p", { class: "small tile-difference" }, h("span", { "aria-hidden": "true" }, `${mark} `), text);
}
