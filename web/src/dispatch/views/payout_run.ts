import { h } from "../../lib/dom.ts";
import { money } from "../../lib/format.ts";
import { freshKey } from "../../lib/random.ts";
import { region } from "../../lib/region.ts";
import type { Desk } from "../nav.ts";
import { sandboxLabel } from "../sandbox_label.ts";
import { payouts as words } from "../words/payouts.ts";
import { worded } from "../words/worded.ts";
import { agreedIn, outcomesOf, type Plan } from "./payout_rules.ts";
import type { Due, RunAnswer } from "./payouts_wire.ts";
import { ask } from "./question.ts";

/**
 * Asks whether to pay, and says who gets how much. Only that is paid: a pro whose sum has changed by then is left
 * out. The run's key is made once per question, so whoever presses twice, or after no answer, pays nobody twice.
 */
export function askToPay(desk: Desk, due: Due, plan: Plan, done: () => void): void {
  const run = { run_key: freshKey(), agreed: agreedIn(plan) };
  const said = (cents: number): string => money(cents, region, due.currency);
  const send = async (): Promise<Node[]> => {
    const answer = await desk.http.post<RunAnswer>("api/dispatch/payouts/run", run);
    const rows = outcomesOf(plan, answer).map(({ name, outcome, cents }) => row(name, said(cents), words.ran[outcome], outcome === "transfer"));
    return [h("p", {}, words.ranTitle), h("ul", { class: "sums" }, ...rows)];
  };
  const reasons: Readonly<Record<string, string>> = words.notNow;
  const left = plan.unpaid.map(({ name, outcome, due: heap }) => row(name, said(heap.cents), worded(reasons, outcome ?? ""), false));
  ask({
    title: words.runTitle,
    content: [
      h("p", {}, words.runGets),
      h("ul", { class: "sums", id: "run-gets" }, ...plan.paid.map(({ name, due: heap }) => row(name, said(heap.cents), words.lines(heap.lines), true))),
      h("p", { class: "row sum" }, h("strong", {}, words.total), h("strong", { class: "cents" }, said(plan.cents))),
      ...(due.provider === "sandbox" ? [h("p", { class: "small" }, sandboxLabel(due.provider) ?? "", " ", words.sandbox)] : []),
      ...(left.length > 0 ? [h("p", { class: "small muted" }, words.runNotNow), h("ul", { class: "sums", id: "run-left" }, ...left)] : []),
    ],
    submit: words.runNow(said(plan.cents)),
    send,
    done,
  });
}

function row(name: string, amount: string, more: string, good: boolean): HTMLElement {
  const text = h("span", { class: good ? "small muted" : "small problem" }, more);
  return h("li", {}, h("span", {}, h("strong", {}, name), " ", text), h("span", { class: "cents" }, amount));
}
