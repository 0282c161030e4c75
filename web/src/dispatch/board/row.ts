import { h, icon, setText } from "../../lib/dom.ts";
import { clock, duration, money, timeWindow } from "../../lib/format.ts";
import { region } from "../../lib/region.ts";
import type { Card } from "../card.ts";
import { toneOf, worded, words as common } from "../words.ts";
import { board as words } from "../words/board.ts";
import { lateBy } from "./lateness.ts";

const FLAG = "M6 3v18h2v-7h11l-3-4.5L19 5H8V3H6Z";

/** What all rows are written in. `currency`: ISO 4217. */
export interface Terms {
  now_ms: number;
  currency: string;
}

/** One job in the list: made once, and changed where its card changed. */
export class Row {
  readonly element: HTMLElement;
  readonly opener: HTMLButtonElement;
  readonly box: HTMLInputElement;
  private readonly service = h("strong", { class: "job-service" });
  private readonly tag = h("span", { class: "tag" });
  private readonly who = h("span", { class: "job-line small muted" });
  private readonly when = h("span", { class: "job-when" });
  private readonly pro = h("span", { class: "job-pro" });
  private readonly badges = h("span", { class: "badges" });
  private drawn: Card | null = null;
  private minute = 0;
  private currency = "";

  constructor(id: string) {
    this.box = h("input", { type: "checkbox", "data-select": id, tabindex: "-1" });
    this.opener = h(
      "button",
      { type: "button", class: "job", "data-job": id, tabindex: "-1" },
      h("span", { class: "row" }, this.service, this.tag),
      this.who,
      h("span", { class: "small job-times" }, this.when, this.pro),
      this.badges,
    );
    this.element = h("div", { class: "job-row", role: "listitem", animationend: () => this.element.classList.remove("is-new") }, h("label", { class: "job-box" }, this.box), this.opener);
  }

  /** Shows the card; `glow` when it changed before somebody's eyes. */
  show(card: Card, { now_ms, currency }: Terms, glow: boolean): void {
    const minute = Math.floor(now_ms / 60_000);
    const same = this.drawn === card && this.currency === currency;
    if (same && this.minute === minute) return; // of a thousand rows nearly all
    this.minute = minute;
    this.showTime(card, now_ms);
    if (same) return;
    this.drawn = card;
    this.currency = currency;
    setText(this.service, card.service);
    setText(this.tag, common.status[card.status]);
    this.tag.dataset["tone"] = toneOf(card.status);
    setText(this.who, [card.customer_name, card.address].filter(Boolean).join(" · "));
    setText(this.pro, card.pro?.name ?? words.noPro);
    this.pro.classList.toggle("is-missing", card.pro === null);
    this.badges.replaceChildren(...badgesOf(card, currency));
    this.box.setAttribute("aria-label", words.choose(card.service, card.customer_name));
    if (glow) this.element.classList.add("is-new");
  }

  /** It is the one that is shown beside the list. */
  mark(current: boolean): void {
    this.opener.setAttribute("aria-current", String(current));
    this.element.classList.toggle("is-current", current);
  }

  /** It is one of the chosen. */
  tick(chosen: boolean): void {
    if (this.box.checked === chosen && this.element.classList.contains("is-chosen") === chosen) return;
    this.box.checked = chosen;
    this.element.classList.toggle("is-chosen", chosen);
  }

  /** Of all rows one can be reached with Tab; the arrow keys lead to the others. */
  reach(within: boolean): void {
    this.opener.tabIndex = this.box.tabIndex = within ? 0 : -1;
  }

  private showTime(card: Card, now_ms: number): void {
    const late_ms = lateBy(card, now_ms);
    this.element.classList.toggle("is-late", late_ms > 0);
    setText(this.when, timeOf(card, late_ms, now_ms));
  }
}

/** When somebody is expected, and how late it is. */
function timeOf(card: Card, late_ms: number, now_ms: number): string {
  const { window_start, window_end, promised_arrival_at, status } = card;
  const late = late_ms > 0 ? words.late(duration(late_ms)) : null;
  const agreed = window_start === null || window_end === null ? null : timeWindow(Date.parse(window_start), Date.parse(window_end), now_ms, region);
  const promised = status === "en_route" && promised_arrival_at !== null ? words.promised(clock(Date.parse(promised_arrival_at), region)) : null;
  return [late, promised ?? agreed].filter(Boolean).join(" · ") || words.noTime;
}

function badgesOf(card: Card, currency: string): HTMLElement[] {
  const badges: HTMLElement[] = [];
  if (card.flags !== null) {
    const { open, worst } = card.flags;
    const label = words.flags(open, worded(common.flags.severity, worst));
    const badge = h("span", { class: "badge", "data-badge": "flags", "data-worst": worst, role: "img", "aria-label": label, title: label });
    badge.append(icon(FLAG), String(open));
    badges.push(badge);
  }
  const stage = card.order_required ? worded(words.stage, card.order_stage) : null;
  const waits = card.order_required && card.order_stage !== "DELIVERED";
  const equipment = [worded(words.choices.lane, card.lane), stage].filter(Boolean).join(" · ");
  badges.push(h("span", { class: "badge", "data-badge": "lane", "data-waits": String(waits) }, equipment));
  const { state, cents } = card.money;
  const paid = words.money(worded(words.choices.money, state), money(cents, region, currency));
  badges.push(h("span", { class: "badge cents", "data-badge": "money", "data-state": state }, paid));
  return badges;
}
