import { h } from "../../lib/dom.ts";
import { moment, money } from "../../lib/format.ts";
import { region } from "../../lib/region.ts";
import { button, field, sentence } from "../forms.ts";
import type { Desk } from "../nav.ts";
import { sandboxLabel } from "../sandbox_label.ts";
import { nav } from "../words/nav.ts";
import { payouts as words } from "../words/payouts.ts";
import { worded } from "../words/worded.ts";
import type { Frame } from "./frame.ts";
import type { Transfer } from "./payouts_wire.ts";
import { ask } from "./question.ts";

const TONES: Readonly<Record<string, string>> = { asked: "moving", paid: "done", failed: "ended", reversed: "open" };

/** Transfers to pros, the newest first; one that arrived can be taken back. `more` reads on. */
export function transferList(desk: Desk, frame: Frame, transfers: Transfer[], more: (() => void) | null, changed: () => void): Node[] {
  if (transfers.length === 0) return [h("p", { class: "card nothing" }, words.transfers.none)];
  const list = h("ul", { class: "card rows", id: "transfers" }, ...transfers.map((one) => row(one, () => askBack(desk, frame, one, changed))));
  return [list, ...(more ? [h("p", {}, button("more-transfers", nav.more, more))] : [])];
}

function row(one: Transfer, back: () => void): HTMLElement {
  const said = (cents: number): string => money(cents, region, one.currency);
  const facts = [
    words.transfers.number(one.id),
    moment(Date.parse(one.created_at), region),
    one.reversed_cents > 0 && words.transfers.reversed(said(one.reversed_cents)),
    one.transfer_id !== null && words.transfers.id(one.transfer_id),
    words.transfers.run(one.run_key),
  ];
  return h(
    "li",
    { class: "payout", "data-transfer": String(one.id) },
    h(
      "div",
      { class: "row-text" },
      h("p", {}, h("strong", {}, one.pro_name), " ", sandboxLabel(one.provider)),
      h("p", { class: "small muted" }, facts.filter(Boolean).join(" · ")),
      one.problem !== null && h("p", { class: one.status === "failed" ? "small problem" : "small" }, one.problem),
    ),
    h("span", { class: "tag", "data-tone": TONES[one.status] ?? "open" }, worded(words.transfers.status, one.status)),
    h("span", { class: "cents amount" }, said(one.amount_cents)),
    h("div", { class: "row-action" }, one.status === "paid" && button(`reverse-${one.id}`, words.transfers.reverse, back)),
  );
}

function askBack(desk: Desk, frame: Frame, one: Transfer, changed: () => void): void {
  const reason = sentence("reverse-reason", 3, 300);
  const left = money(one.amount_cents - one.reversed_cents, region, one.currency);
  ask({
    title: words.transfers.reverseTitle(left, one.pro_name),
    content: [h("p", { class: "small" }, words.transfers.reverseMeaning), field(words.transfers.why, reason)],
    submit: words.transfers.reverseNow,
    send: async () => {
      await desk.http.post(`api/dispatch/transfers/${one.id}/reverse`, { reason: reason.value.trim() });
      frame.say(words.transfers.asked);
      return null;
    },
    done: changed,
  });
}
