import { h, refill } from "../../lib/dom.ts";
import { money } from "../../lib/format.ts";
import { HttpProblem, type Http } from "../../lib/http.ts";
import { forget, recall, remember } from "../../lib/memory.ts";
import { freshKey } from "../../lib/random.ts";
import { region } from "../../lib/region.ts";
import { words } from "../words/after.ts";
import { centsOf, MOST_CENTS, offeredTips } from "./tip_rules.ts";
import type { Receipt } from "./wire.ts";

const device = (): Storage => localStorage;

/**
 * A tip: a few amounts, or another. It has one key until its answer is known, also over a reload, so that
 * however often it is tapped or sent it is given once.
 */
export class TipPart {
  readonly element = h("section", { id: "tip", class: "panel", "aria-labelledby": "tip-title", hidden: true });
  private readonly http: Http;
  private readonly job_id: string;
  private readonly name: string;
  private readonly given: () => void;
  private readonly said = h("p", { role: "status", class: "said" });
  private sending = false;
  private shown = "";
  /** How many tips there are at least: an answer that was on its way before the last one knows fewer. */
  private tips = 0;

  /** `given` is called when there is a new tip. */
  constructor(http: Http, job_id: string, name: string, given: () => void) {
    this.http = http;
    this.job_id = job_id;
    this.name = name;
    this.given = given;
  }

  show(receipt: Receipt): void {
    const { tips, may_tip, currency, price_cents } = receipt;
    const state = JSON.stringify([tips, may_tip, price_cents]);
    if (this.sending || tips.length < this.tips || state === this.shown) return; // nobody's choice is thrown away
    this.shown = state;
    if (tips.length > this.tips) forget(device, this.place); // what became of it is known: the next is another
    this.tips = tips.length;
    const amount = (cents: number): string => money(cents, region, currency);
    const last = tips.at(-1);
    const thanks = last !== undefined && h("p", { class: last.status === "failed" ? "notice" : "notice notice-good", role: "status" }, toldOf(last, amount));
    const asks = may_tip && (last === undefined || last.status === "failed");
    this.element.hidden = !asks && last === undefined;
    refill(this.element, h("h2", { id: "tip-title" }, words.tip.title(this.name)), thanks, asks && this.form(receipt, amount));
  }

  private form({ price_cents, currency }: Receipt, amount: (cents: number) => string): HTMLElement {
    const give = h("button", { class: "button button-main", type: "submit", "data-key": "give" }, words.tip.choose);
    const other = h("input", { id: "tip-other", class: "field", type: "text", inputmode: "decimal", autocomplete: "off", maxlength: "9" });
    const otherRow = h("div", { class: "tip-other", hidden: true }, h("label", { for: "tip-other" }, words.tip.amount(currency.toUpperCase())), other);
    const choices = offeredTips(price_cents).map(({ cents, percent }) => choice(String(cents), amount(cents), percent === null ? null : words.tip.share(percent)));
    const form = h(
      "form",
      { class: "tip-form", novalidate: true },
      h("p", { class: "muted small" }, words.tip.more),
      h("fieldset", { class: "choices" }, h("legend", { class: "visually-hidden" }, words.tip.choose), ...choices, choice("other", words.tip.other, null)),
      otherRow,
      give,
      this.said,
    );
    const chosen = (): number | null => {
      const value = new FormData(form).get("tip");
      return value === "other" ? centsOf(other.value) : value === null ? null : Number(value);
    };
    const changed = (): void => {
      otherRow.hidden = new FormData(form).get("tip") !== "other";
      const cents = chosen();
      give.textContent = cents === null ? words.tip.choose : words.tip.give(amount(cents));
      this.said.textContent = "";
    };
    form.addEventListener("change", () => {
      changed();
      if (!otherRow.hidden) other.focus();
    });
    form.addEventListener("input", changed);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const cents = chosen();
      if (cents === null) this.said.textContent = otherRow.hidden ? words.tip.choose : words.tip.wrong(amount(MOST_CENTS));
      else void this.give(cents, give);
    });
    return form;
  }

  private async give(amount_cents: number, button: HTMLButtonElement): Promise<void> {
    if (this.sending) return;
    this.sending = button.disabled = true;
    this.said.textContent = words.tip.sending;
    try {
      await this.http.post(`api/jobs/${encodeURIComponent(this.job_id)}/tip`, { amount_cents, key: this.key() });
      this.thank(words.tip.thanks);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      if (error.code === "request_key_reused") this.thank(words.tip.before); // another amount was sent before, and got through
      else this.refused(error, button);
    } finally {
      this.sending = false;
    }
  }

  /** It is given; the form goes, and the receipt soon says more. */
  private thank(said: string): void {
    forget(device, this.place);
    this.tips += 1;
    const thanks = h("p", { class: "notice notice-good", role: "status", tabindex: "-1" }, said);
    refill(this.element, h("h2", { id: "tip-title" }, words.tip.title(this.name)), thanks);
    thanks.focus();
    this.given();
  }

  private refused(problem: HttpProblem, button: HTMLButtonElement): void {
    button.disabled = false;
    this.said.textContent = problem.retry ? words.tip.again : words.tip.refused(problem.message);
    if (problem.retry) this.given(); // it may have got through
    else forget(device, this.place);
  }

  /** Of the tip after those that are known: one that was declined keeps its key, and another needs its own. */
  private get place(): string {
    return `tracker.tip.${this.job_id}.${this.tips}`;
  }

  private key(): string {
    const key = recall(device, this.place) ?? freshKey();
    remember(device, this.place, key);
    return key;
  }
}

function toldOf({ amount_cents, status }: Receipt["tips"][number], amount: (cents: number) => string): string {
  if (status === "failed") return words.tip.failed(amount(amount_cents));
  return (status === "waiting" ? words.tip.waiting : words.tip.given)(amount(amount_cents));
}

function choice(value: string, label: string, more: string | null): HTMLElement {
  return h("label", { class: "choice" }, h("input", { type: "radio", name: "tip", value }), h("span", {}, h("strong", {}, label), more !== null && h("span", { class: "small" }, more)));
}
