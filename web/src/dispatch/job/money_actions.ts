import { h } from "../../lib/dom.ts";
import { money as inMoney } from "../../lib/format.ts";
import type { Http } from "../../lib/http.ts";
import { freshKey } from "../../lib/random.ts";
import { region } from "../../lib/region.ts";
import { amount, button, centsOf, field, sentence, smallForm } from "../forms.ts";
import type { JobSource } from "./detail.ts";
import { centsField } from "./edit_fields.ts";
import type { JobMoney, Money, Payment, Payout, PayoutRun, PayoutsDue } from "./money_wire.ts";
import { ours } from "./on_newest.ts";
import type { Section } from "./section.ts";
import { words } from "../words.ts";

const MOST_CENTS = 100_000_000;

/** What dispatch may do about a job's money. What is possible is the server's word; this only offers it. */
export class MoneyActions {
  private readonly http: Http;
  private readonly source: JobSource;
  private readonly section: Section<JobMoney>;

  constructor(source: JobSource, section: Section<JobMoney>) {
    this.http = source.http;
    this.source = source;
    this.section = section;
  }

  /** Buttons for the job as a whole. */
  offers(money: JobMoney): HTMLElement {
    const over = money.job_status === "cancelled";
    const unpaid = ["none", "released", "failed"].includes(money.state);
    const done = ["completed", "paid", "cancelled"].includes(money.job_status);
    return h(
      "div",
      { class: "actions" },
      unpaid && !over && button("checkout", words.money.checkout, () => this.ask("checkout", undefined)),
      unpaid && !over && button("hold", words.money.hold, () => this.ask("hold", {})),
      !done && button("price", words.money.setPrice, () => this.askPrice(money)),
      money.captured_cents > money.refunded_cents && button("refund", words.money.giveBack, () => this.askRefund(money)),
      money.payouts.some(waits) && button("run", words.money.run, () => this.act(() => this.askRun(money))),
    );
  }

  /** An open payment page of the sandbox can be paid on right here, as the customer would. */
  ofPayment(payment: Payment): HTMLElement | null {
    const { provider, status, checkout_id } = payment;
    if (provider !== "sandbox" || status !== "asked" || checkout_id === null) return null;
    const pay = (): void => this.act(() => this.http.post(`api/dispatch/sandbox/checkouts/${encodeURIComponent(checkout_id)}/pay`, undefined));
    return button(`pay-${payment.id}`, words.money.payAsCustomer, pay);
  }

  /** A line that was refused is sent again, perhaps to another account than the one that would not take it. */
  ofPayout(payout: Payout): HTMLElement[] {
    const { id, status, problem, pro_id } = payout;
    const approve = (): void => this.act(() => this.http.post("api/dispatch/payouts/approve", { ids: [id] }));
    const retry = (): void => this.act(() => this.http.post(`api/dispatch/payouts/${id}/retry`, undefined));
    const failed = status === "failed";
    return [
      ...(status === "pending" ? [button(`approve-${id}`, words.money.approve, approve)] : []),
      ...(failed ? [button(`retry-${id}`, words.money.retry, retry)] : []),
      ...(failed || (status === "approved" && problem !== null) ? [button(`account-${id}`, words.money.setAccount, () => this.askAccount(pro_id))] : []),
    ];
  }

  /** A pro is paid all that is approved at once: first it is said how much that is, then just that is sent. */
  private async askRun(money: Money): Promise<void> {
    const pros = new Set(money.payouts.filter(waits).map((one) => one.pro_id));
    const { pros: owed } = await this.http.get<PayoutsDue>("api/dispatch/payouts/due");
    const due = owed.filter((one) => pros.has(one.pro_id) && one.outcome !== null);
    if (due.length === 0) throw ours(words.money.nothingDue);
    const unpaid = due.filter((one) => one.outcome !== "transfer");
    const homeless = unpaid.find((one) => one.outcome === "no_account");
    if (homeless !== undefined) this.askAccount(homeless.pro_id);
    if (unpaid.length > 0) throw ours(unpaid.map((one) => words.money.unpaid(one.name, one.outcome ?? "")).join(" "));
    const say = (cents: number): string => inMoney(cents, region, money.currency);
    const agreed = due.map((one) => ({ pro_id: one.pro_id, amount_cents: one.due.cents }));
    const sum = agreed.reduce((total, one) => total + one.amount_cents, 0);
    const run_key = freshKey(); // one per form: pressed twice, paid once
    const rows = due.map((one) => h("p", { class: "small" }, words.money.dueNow(one.name, say(one.due.cents))));
    this.form(rows, words.money.payNow(say(sum)), () => this.submit(() => this.run(run_key, agreed)));
  }

  private async run(run_key: string, agreed: object[]): Promise<void> {
    const { pros } = await this.http.post<PayoutRun>("api/dispatch/payouts/run", { run_key, agreed });
    const unpaid = pros.filter((one) => one.outcome !== "transfer").map((one) => words.money.unpaid(this.source.nameOf(one.pro_id), one.outcome));
    if (unpaid.length > 0) throw ours(unpaid.join(" "));
  }

  private askPrice(money: Money): void {
    const { newest: seen } = this.source;
    if (seen === null) return;
    const price = centsField("final_price_cents", words.money.newPrice, MOST_CENTS, (cents) => inMoney(cents, region, money.currency));
    const reason = sentence("price-reason", 3, 400);
    this.section.edit({
      source: this.source,
      seen,
      fields: [price],
      valuesOf: ({ job }) => ({ final_price_cents: job.final_price_cents ?? job.price_cents }),
      kinds: ["price_changed"],
      more: [field(words.money.reason, reason)],
      submit: words.money.setPrice,
      send: (changes, version) => this.http.put(this.source.path("price"), { version, ...changes, reason: reason.value.trim() }),
    });
  }

  private askRefund(money: Money): void {
    const left_cents = money.captured_cents - money.refunded_cents;
    const back = amount("refund-amount", left_cents);
    back.value = (left_cents / 100).toFixed(2);
    const reason = sentence("refund-reason", 3, 400);
    const request_key = freshKey(); // one per form: pressed twice, given once
    let sent = false;
    const refund = async (): Promise<void> => {
      // Two dispatchers would each give a part back; what this form itself may have sent is known by its key.
      if (!sent && (await this.http.get<Money>(this.source.path("money"))).refunds.length !== money.refunds.length) throw ours(words.money.givenMeanwhile);
      sent = true;
      await this.http.post(this.source.path("refunds"), { amount_cents: centsOf(back), reason: reason.value.trim(), request_key });
    };
    this.form([field(words.money.howMuch, back), field(words.money.reason, reason)], words.money.giveBack, () => this.submit(refund));
  }

  private askAccount(pro_id: string): void {
    const account = h("input", { id: "payout-account", required: true, pattern: "acct_[A-Za-z0-9_]{1,100}", placeholder: "acct_…", autocomplete: "off" });
    const send = (): void => this.submit(() => this.http.put(`api/dispatch/people/${encodeURIComponent(pro_id)}/payout-account`, { account: account.value }));
    this.form([field(words.money.account_of(this.source.nameOf(pro_id)), account)], words.money.setAccount, send);
  }

  private ask(what: string, body: object | undefined): void {
    this.act(() => this.http.post(this.source.path(what), body));
  }

  private act(work: () => Promise<unknown>): void {
    void this.section.act(work);
  }

  private submit(work: () => Promise<unknown>): void {
    void this.section.submit(work);
  }

  private form(fields: HTMLElement[], submit: string, send: () => void): void {
    this.section.ask(smallForm(fields, submit, send, () => this.section.ask(null)));
  }
}

/** A line that the next run sends. */
function waits(payout: Payout): boolean {
  return payout.status === "approved" && payout.transfer === null;
}
