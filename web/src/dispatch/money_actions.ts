import { h } from "../lib/dom.ts";
import { HttpProblem, type Http } from "../lib/http.ts";
import type { Job } from "../lib/job.ts";
import { freshKey } from "../lib/random.ts";
import { amount, button, centsOf, field, sentence, smallForm } from "./forms.ts";
import type { Money, Payment, Payout, PayoutRun } from "./money_wire.ts";
import type { Section } from "./section.ts";
import { words } from "./words.ts";

const MOST_CENTS = 100_000_000;

/** What dispatch may do about a job's money. What is possible is the server's word; this only offers it. */
export class MoneyActions {
  private readonly http: Http;
  private readonly job: () => Job;
  private readonly section: Section<Money>;

  constructor(http: Http, job: () => Job, section: Section<Money>) {
    this.http = http;
    this.job = job;
    this.section = section;
  }

  /** Buttons for the job as a whole. */
  offers(money: Money): HTMLElement {
    const over = this.job().status === "cancelled";
    const unpaid = ["none", "released", "failed"].includes(money.state);
    const done = ["completed", "paid", "cancelled"].includes(this.job().status);
    return h(
      "div",
      { class: "actions" },
      unpaid && !over && button("checkout", words.money.checkout, () => this.ask("checkout", undefined)),
      unpaid && !over && button("hold", words.money.hold, () => this.ask("hold", {})),
      !done && button("price", words.money.setPrice, () => this.askPrice(money)),
      money.captured_cents > money.refunded_cents && button("refund", words.money.giveBack, () => this.askRefund(money)),
      money.payouts.some((one) => one.status === "approved" && one.transfer === null) && button("run", words.money.run, () => this.run()),
    );
  }

  /** An open payment page of the sandbox can be paid on right here, as the customer would. */
  ofPayment(payment: Payment): HTMLElement | null {
    const { provider, status, checkout_id } = payment;
    if (provider !== "sandbox" || status !== "asked" || checkout_id === null) return null;
    const pay = (): void => this.act(() => this.http.post(`api/dispatch/sandbox/checkouts/${encodeURIComponent(checkout_id)}/pay`, undefined));
    return button(`pay-${payment.id}`, words.money.payAsCustomer, pay);
  }

  ofPayout(payout: Payout): HTMLElement | null {
    if (payout.status === "pending") {
      return button(`approve-${payout.id}`, words.money.approve, () => this.act(() => this.http.post("api/dispatch/payouts/approve", { ids: [payout.id] })));
    }
    if (payout.status === "failed") {
      return button(`retry-${payout.id}`, words.money.retry, () => this.act(() => this.http.post(`api/dispatch/payouts/${payout.id}/retry`, undefined)));
    }
    if (payout.status === "approved" && payout.problem !== null) {
      return button(`account-${payout.id}`, words.money.setAccount, () => this.askAccount(payout.pro_id));
    }
    return null;
  }

  /** One run for everybody who is owed something: a pro is paid once per run, however often it is asked. */
  private run(): void {
    this.act(async () => {
      const { pros } = await this.http.post<PayoutRun>("api/dispatch/payouts/run", { run_key: freshKey() });
      const unpaid = pros.filter((one) => one.outcome !== "transfer").map((one) => words.money.unpaid(one.pro_id, one.outcome));
      if (unpaid.length > 0) throw new HttpProblem(409, "not_paid", unpaid.join(" "), {}, null);
    });
  }

  private askPrice(money: Money): void {
    const price = amount("final-price", MOST_CENTS);
    price.min = "0";
    price.value = (money.price_cents / 100).toFixed(2);
    const reason = sentence("price-reason", 3, 400);
    const send = (): void =>
      this.submit(() => this.http.put(this.path("price"), { final_price_cents: centsOf(price), version: this.job().version, reason: reason.value.trim() }));
    this.form([field(words.money.newPrice, price), field(words.money.reason, reason)], words.money.setPrice, send);
  }

  private askRefund(money: Money): void {
    const left_cents = money.captured_cents - money.refunded_cents;
    const back = amount("refund-amount", left_cents);
    back.value = (left_cents / 100).toFixed(2);
    const reason = sentence("refund-reason", 3, 400);
    const request_key = freshKey(); // one per form: pressed twice, given once
    const send = (): void =>
      this.submit(() => this.http.post(this.path("refunds"), { amount_cents: centsOf(back), reason: reason.value.trim(), request_key }));
    this.form([field(words.money.howMuch, back), field(words.money.reason, reason)], words.money.giveBack, send);
  }

  private askAccount(pro_id: string): void {
    const account = h("input", { id: "payout-account", required: true, pattern: "acct_[A-Za-z0-9_]{1,100}", placeholder: "acct_…", autocomplete: "off" });
    const send = (): void => this.submit(() => this.http.put(`api/dispatch/people/${encodeURIComponent(pro_id)}/payout-account`, { account: account.value }));
    this.form([field(words.money.account_of(pro_id), account)], words.money.setAccount, send);
  }

  private ask(what: string, body: object | undefined): void {
    this.act(() => this.http.post(this.path(what), body));
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

  private path(what: string): string {
    return `api/dispatch/jobs/${encodeURIComponent(this.job().id)}/${what}`;
  }
}
