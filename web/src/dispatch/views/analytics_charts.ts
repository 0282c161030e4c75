import type { Chart, Series } from "../../charts/chart.ts";
import type { Kind } from "../../charts/scale.ts";
import { money } from "../../lib/format.ts";
import { region } from "../../lib/region.ts";
import { analytics as words } from "../words/analytics.ts";
import { lasting, percent, plain, shortMoney } from "./amounts.ts";
import type { Figures, Report } from "./analytics_wire.ts";

/** Every chart of the page, in order, from a report's days. What hangs below zero is `0 - x`: `-x` of nothing is -0. */
export function chartsOf(report: Report): Chart[] {
  const { charts } = words;
  const of = (value: (figures: Figures) => number | null): (number | null)[] => report.days.map(({ figures }) => value(figures));
  const bar = (label: string, tone: Series["tone"], value: (figures: Figures) => number | null): Series => ({ label, mark: "bar", tone, values: of(value) });
  const line = (label: string, tone: Series["tone"], value: (figures: Figures) => number | null): Series => ({ label, mark: "line", tone, values: of(value) });
  const units = {
    money: { kind: "number", tick: (value: number) => shortMoney(value, region, report.currency), say: (value: number) => money(Math.round(value * 100), region, report.currency) },
    count: { kind: "whole", tick: (value: number) => plain(value, region), say: (value: number) => plain(value, region) },
    time: { kind: "minutes", tick: (value: number) => lasting(value, region), say: (value: number) => lasting(value, region) },
    share: { kind: "share", tick: (value: number) => percent(value, region), say: (value: number) => percent(value, region) },
    stars: { kind: "stars", tick: (value: number) => plain(value, region), say: (value: number) => plain(value, region, 2) },
  } satisfies Record<string, { kind: Kind; tick(value: number): string; say(value: number): string }>;
  const chart = (about: { title: string; meaning: string }, unit: Omit<Chart, "title" | "meaning" | "series">, ...series: Series[]): Chart => ({
    title: about.title,
    meaning: about.meaning,
    ...unit,
    series,
  });

  return [
    chart(
      charts.revenue,
      units.money,
      bar(charts.revenue.ours, 1, ({ money }) => money.fees_cents / 100),
      bar(charts.revenue.pros, 2, ({ money }) => money.pros_cents / 100),
    ),
    chart(
      charts.taken,
      units.money,
      bar(charts.taken.taken, 3, ({ money }) => money.captured_cents / 100),
      bar(charts.taken.back, 2, ({ money }) => (0 - money.refunded_cents) / 100),
      bar(charts.taken.out, 4, ({ money }) => (0 - money.paid_out_cents) / 100),
    ),
    chart(
      charts.jobs,
      units.count,
      bar(charts.jobs.cancelled, 2, ({ jobs }) => jobs.cancelled),
      line(charts.jobs.created, 1, ({ jobs }) => jobs.created),
      line(charts.jobs.completed, 3, ({ jobs }) => jobs.completed),
    ),
    chart(charts.claims, units.count, bar(charts.claims.claimed, 1, ({ claims }) => claims.claimed)),
    chart(
      charts.claim,
      units.time,
      line(charts.claim.median, 1, ({ claims }) => inMinutes(claims.median_s)),
      line(charts.claim.p90, 4, ({ claims }) => inMinutes(claims.p90_s)),
    ),
    chart(charts.onTime, units.share, bar(charts.onTime.share, 3, ({ arrivals }) => arrivals.on_time_share)),
    chart(
      charts.eta,
      units.time,
      line(charts.eta.median, 1, ({ arrivals }) => arrivals.eta_median_min),
      line(charts.eta.p90, 4, ({ arrivals }) => arrivals.eta_p90_min),
    ),
    chart(charts.rating, units.stars, line(charts.rating.mean, 1, ({ ratings }) => ratings.mean)),
    chart(
      charts.messages,
      units.count,
      bar(charts.messages.arrived, 3, ({ messages }) => messages.sent + messages.delivered),
      bar(charts.messages.waiting, 1, ({ messages }) => messages.queued + messages.sending),
      bar(charts.messages.failed, 2, ({ messages }) => messages.failed + messages.expired),
    ),
  ];
}

function inMinutes(seconds: number | null): number | null {
  return seconds === null ? null : seconds / 60;
}
