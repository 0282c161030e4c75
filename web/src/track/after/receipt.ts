import { h } from "../../lib/dom.ts";
import { moment, money } from "../../lib/format.ts";
import { region } from "../../lib/region.ts";
import type { WatchedJob } from "../../lib/wire.ts";
import { words } from "../words/after.ts";
import type { Receipt } from "./wire.ts";

/** What the visit cost and what was paid, line by line, and the work that it was for. */
export function receiptPart(receipt: Receipt, job: WatchedJob): HTMLElement[] {
  const amount = (cents: number): string => money(cents, region, receipt.currency);
  const paid: [string, number][] = [
    [words.receipt.charged, receipt.charged_cents],
    [words.receipt.open, receipt.open_cents],
    [words.receipt.refunded, receipt.refunded_cents],
  ];
  return [
    state(words.receipt.state, receipt),
    h(
      "dl",
      { class: "bill" },
      row(job.service, amount(receipt.price_cents)),
      ...(receipt.tip_cents > 0 ? [row(words.receipt.tip, amount(receipt.tip_cents))] : []),
      row(words.receipt.total, amount(receipt.total_cents), "bill-total"),
      ...paid.filter(([, cents]) => cents > 0).map(([term, cents]) => row(term, amount(cents), "muted")),
    ),
    ...sandbox(receipt),
    h("h3", {}, words.receipt.work),
    h("dl", { class: "bill bill-work" }, ...work(receipt, job)),
  ];
}

/** Of a cancelled visit people want to know one thing: what became of their money. */
export function cancelledPart(receipt: Receipt): HTMLElement[] {
  const { charged_cents, refunded_cents, currency } = receipt;
  const lines: [string, number][] = [
    [words.receipt.charged, charged_cents],
    [words.receipt.refunded, refunded_cents],
  ];
  const rows = lines.filter(([, cents]) => cents > 0).map(([term, cents]) => row(term, money(cents, region, currency)));
  return [state(words.receipt.cancelled, receipt), ...(rows.length > 0 ? [h("dl", { class: "bill" }, ...rows)] : []), ...sandbox(receipt)];
}

function work(receipt: Receipt, job: WatchedJob): HTMLElement[] {
  const { finished_at, labour_minutes } = receipt;
  const facts: [string, string | null][] = [
    [words.receipt.by, job.pro?.name ?? null],
    [words.receipt.where, job.address],
    [words.receipt.finished, finished_at === null ? null : moment(Date.parse(finished_at), region)],
    [words.receipt.took, labour_minutes === null ? null : lasted(labour_minutes)],
    [words.receipt.reference, receipt.reference],
  ];
  return facts.flatMap(([term, value]) => (value === null ? [] : [row(term, value)]));
}

/** The units are the same in all our languages. */
function lasted(minutes: number): string {
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function state(sentences: Record<string, string>, receipt: Receipt): HTMLElement {
  const settled = ["captured", "refunded", "released", "none"].includes(receipt.money);
  const sentence = sentences[receipt.money];
  return h("p", { class: settled ? "money-state is-settled" : "money-state", role: "status", hidden: sentence === undefined }, sentence);
}

function sandbox(receipt: Receipt): HTMLElement[] {
  return receipt.sandbox ? [h("p", { class: "notice small" }, words.receipt.sandbox)] : [];
}

function row(term: string, value: string, kind = ""): HTMLElement {
  return h("div", { class: kind }, h("dt", {}, term), h("dd", {}, value));
}
