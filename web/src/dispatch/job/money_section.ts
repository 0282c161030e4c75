import { h } from "../../lib/dom.ts";
import { moment, money } from "../../lib/format.ts";
import { region } from "../../lib/region.ts";
import type { JobSource } from "./detail.ts";
import { MoneyActions } from "./money_actions.ts";
import type { JobMoney, LedgerLine, Money, Payment, Payout, Refund } from "./money_wire.ts";
import { sandboxLabel } from "../sandbox_label.ts";
import { Section } from "./section.ts";
import { words, worded } from "../words.ts";

/** What becomes of a payment is told by the provider, and is not always a job event. */
const AGAIN_S = 2;

/** What was asked, held, taken, given back and paid out for a job, and what dispatch may do about it. */
export function moneySection(source: JobSource, changed: () => void): Section<JobMoney> {
  const section: Section<JobMoney> = new Section(
    {
      name: "money",
      title: words.money.title,
      read: async () => {
        const [detail, books] = await Promise.all([source.read(), source.http.get<Money>(source.path("money"))]);
        return { ...books, job_status: detail.job.status };
      },
      again_s: AGAIN_S,
      digest: (data) => {
        const state = worded(words.money.state, data.state);
        return data.captured_cents === 0 ? state : words.money.digest(state, cents(data, data.captured_cents - data.refunded_cents));
      },
      body: (data) => [
        totals(data),
        list(words.money.payments, data.payments.map((one) => payment(data, one))),
        list(words.money.refunds, data.refunds.map((one) => refund(data, one))),
        list(words.money.payouts, data.payouts.map((one) => payout(data, one))),
        ledger(data, source),
        actions.offers(data),
      ],
    },
    changed,
  );
  const actions = new MoneyActions(source, section);

  function payment(data: Money, one: Payment): HTMLElement {
    return line(
      worded(words.money.purpose, one.purpose),
      cents(data, one.captured_cents || one.authorized_cents || one.amount_cents),
      [worded(words.money.payment, one.status), one.refunded_cents > 0 && words.money.back(cents(data, one.refunded_cents)), one.dispute && words.money.dispute(one.dispute)],
      one.provider,
      [
        one.tip_cents > 0 && words.money.withTip(cents(data, one.tip_cents)),
        one.status === "authorized" && one.capture_before && words.money.before(moment(Date.parse(one.capture_before), region)),
        one.problem,
      ],
      actions.ofPayment(one),
    );
  }

  function refund(data: Money, one: Refund): HTMLElement {
    return line(words.money.refund, cents(data, one.amount_cents), [worded(words.money.refunded, one.status)], null, [one.reason, one.problem]);
  }

  function payout(data: Money, one: Payout): HTMLElement {
    return line(
      worded(words.money.payoutKind, one.kind),
      cents(data, one.amount_cents),
      [worded(words.money.payout, one.status)],
      one.transfer === null ? null : data.provider,
      [words.money.to(source.nameOf(one.pro_id)), one.held_for && words.money.held(one.held_for), one.problem],
      ...actions.ofPayout(one),
    );
  }

  return section;
}

type Maybe = string | null | false;

function cents(data: Money, amount: number): string {
  return money(amount, region, data.currency);
}

function totals(data: Money): HTMLElement {
  const rows: [string, string][] = [
    [words.money.price, cents(data, data.price_cents)],
    [words.money.tip, cents(data, data.tip_cents)],
    [words.money.taken, cents(data, data.captured_cents)],
    [words.money.given, cents(data, data.refunded_cents)],
  ];
  return h("dl", { class: "totals small" }, ...rows.map(([term, value]) => h("div", {}, h("dt", { class: "muted" }, term), h("dd", { class: "cents" }, value))));
}

/** A heading and its lines; nothing at all when there are none. */
function list(title: string, rows: HTMLElement[]): HTMLElement | null {
  if (rows.length === 0) return null;
  return h("div", {}, h("h4", { class: "small muted" }, title), h("ul", { class: "lines" }, ...rows));
}

function line(what: string, amount: string, states: Maybe[], provider: string | null, more: Maybe[], ...buttons: (Node | null)[]): HTMLElement {
  const told = more.filter((text): text is string => Boolean(text));
  return h(
    "li",
    {},
    h("span", { class: "row small" }, h("strong", {}, what), h("span", { class: "cents" }, amount)),
    h("span", { class: "small" }, states.filter(Boolean).join(" · "), " ", sandboxLabel(provider)),
    ...told.map((text) => h("p", { class: "small muted" }, text)),
    buttons.some(Boolean) && h("div", { class: "actions" }, ...buttons),
  );
}

/** The ledger as bookkeepers read it: what came in is positive, what is owed negative, and the sum is nothing. */
function ledger(data: Money, source: JobSource): HTMLElement | null {
  if (data.ledger.length === 0) return null;
  const sum = data.ledger.reduce((total, entry) => total + entry.amount_cents, 0);
  const row = (entry: LedgerLine): HTMLElement =>
    h(
      "tr",
      {},
      h("td", {}, worded(words.money.entry, entry.kind)),
      h("td", {}, entry.pro_id === null ? worded(words.money.account, entry.account) : words.money.owed(source.nameOf(entry.pro_id))),
      h("td", { class: "cents" }, cents(data, entry.amount_cents)),
    );
  return h(
    "table",
    { class: "ledger small" },
    h("caption", { class: "small muted" }, words.money.ledger),
    h("tbody", {}, ...data.ledger.map(row)),
    h("tfoot", {}, h("tr", {}, h("th", { scope: "row", colspan: "2" }, words.money.sum), h("td", { class: "cents" }, cents(data, sum)))),
  );
}
