import { h, setText, show } from "../../lib/dom.ts";
import { moment, money } from "../../lib/format.ts";
import { region } from "../../lib/region.ts";
import { changed as fragment } from "../address.ts";
import { button } from "../forms.ts";
import type { Desk } from "../nav.ts";
import { nav } from "../words/nav.ts";
import { payouts as words } from "../words/payouts.ts";
import { worded } from "../words/worded.ts";
import type { Frame } from "./frame.ts";
import { byPro, retriesIn, stateOf, sumOf, type Group } from "./payout_rules.ts";
import type { Approval, Line } from "./payouts_wire.ts";
import { Selection } from "./selection.ts";

/** Payout lines by pro: one or many are approved, what was refused is sent again. */
export class PayoutLines {
  private readonly desk: Desk;
  private readonly frame: Frame;
  private readonly changed: () => void;
  private readonly selection = new Selection(() => this.count());
  private readonly selected = h("span", { class: "small", role: "status" });
  private readonly approveMany = button("approve-many", words.approve, () => void this.approve(this.selection.numbers), true);
  private readonly bulk = h("div", { class: "bulk", hidden: true }, this.selected, this.approveMany);
  private readonly all = h("input", { type: "checkbox", "data-key": "all" });
  private readonly allLabel = h("label", { class: "select-all" }, this.all, words.selectAll);
  private lines: Line[] = [];
  private currency = "USD";

  /** `changed` is called when what was read is not so any more. */
  constructor(desk: Desk, frame: Frame, changed: () => void) {
    this.desk = desk;
    this.frame = frame;
    this.changed = changed;
    this.all.addEventListener("change", () => this.selectAll(this.all.checked));
  }

  /** The list; `more` reads on when there are more lines than these. */
  draw(lines: Line[], currency: string, more: (() => void) | null): Node[] {
    this.lines = lines;
    this.currency = currency;
    const retries = retriesIn(lines);
    const groups = byPro(lines).map((group) => this.group(group, retries));
    const open = new Set(this.approvable().map(({ id }) => id));
    this.selection.keepOnly(open);
    show(this.allLabel, open.size > 1);
    return [this.allLabel, ...groups, ...(more ? [h("p", {}, button("more-lines", nav.more, more))] : []), this.bulk];
  }

  private group({ pro_id, name, lines, cents }: Group, retries: Set<number>): HTMLElement {
    const id = `group-${pro_id}`;
    const statement = h("a", { class: "button", href: fragment(location.hash, { pro: pro_id }), "data-key": `statement-${pro_id}`, "aria-label": words.statementOf(name) }, words.statement);
    const sum = h("span", { class: "small muted" }, words.lines(lines.length), " · ", h("span", { class: "cents" }, this.said(cents)));
    return h(
      "section",
      { class: "card", "aria-labelledby": id, "data-pro": pro_id },
      h("div", { class: "row" }, h("div", { class: "card-title" }, h("h2", { id }, name), sum), statement),
      h("ul", { class: "rows" }, ...lines.map((line) => this.row(line, retries.has(line.id)))),
    );
  }

  private row(line: Line, canRetry: boolean): HTMLElement {
    const { id, job_id, service, reference } = line;
    const state = stateOf(line);
    const kind = worded(words.kind, line.kind);
    const facts = [
      moment(Date.parse(line.created_at), region),
      reference,
      line.approved_by !== null && line.status === "approved" && words.approvedBy(line.approved_by),
      line.transfer !== null && words.inTransfer(line.transfer),
      line.paid_at !== null && words.paidOn(moment(Date.parse(line.paid_at), region)),
    ];
    const open = h("button", { type: "button", class: "link", "data-key": `job-${id}`, "aria-label": words.openJob(service), click: () => this.desk.openJob(job_id) }, service);
    return h(
      "li",
      { class: "payout", "data-line": String(id), "data-state": state },
      line.status === "pending" ? this.box(line, `${kind}, ${service}`) : h("span", { class: "pick" }),
      h(
        "div",
        { class: "row-text" },
        h("p", {}, h("strong", {}, kind), " ", open),
        h("p", { class: "small muted" }, facts.filter(Boolean).join(" · ")),
        line.held_for !== null && line.status !== "paid" && h("p", { class: "small" }, words.heldFor(line.held_for)),
        line.status === "failed" && h("p", { class: "small problem" }, words.refusedBecause(line.problem ?? "–")),
        line.status !== "failed" && line.status !== "paid" && line.problem !== null && h("p", { class: "small" }, line.problem),
        canRetry && h("p", { class: "small muted" }, words.refusedHelp),
      ),
      h("span", { class: "tag", "data-tone": TONES[state] }, words.state[state]),
      h("span", { class: "cents amount", "data-cents": String(line.amount_cents) }, this.said(line.amount_cents)),
      h(
        "div",
        { class: "row-action" },
        line.status === "pending" && button(`approve-${id}`, words.approve, () => void this.approve([id])),
        canRetry && button(`retry-${id}`, words.retry, () => void this.retry(id)),
      ),
    );
  }

  private box(line: Line, what: string): HTMLElement {
    const box = h("input", { type: "checkbox", "data-key": `select-${line.id}`, "aria-label": words.select(what, this.said(line.amount_cents)) });
    box.checked = this.selection.has(line.id);
    box.addEventListener("change", () => this.selection.set([line.id], box.checked));
    return h("label", { class: "pick" }, box);
  }

  private async approve(ids: number[]): Promise<void> {
    const done = await this.frame.act(async () => {
      const { payouts } = await this.desk.http.post<Approval>("api/dispatch/payouts/approve", { ids });
      const approved = new Set(payouts.filter(({ outcome }) => outcome === "approved" || outcome === "was_approved").map(({ id }) => id));
      const lines = this.lines.filter(({ id }) => approved.has(id));
      const others = payouts.length - approved.size;
      const said = [lines.length > 0 && words.approved(words.lines(lines.length), this.said(sumOf(lines))), others > 0 && words.notApproved(others)];
      this.frame.say(said.filter(Boolean).join(" "), others > 0 ? "bad" : "good");
    });
    if (done) this.selection.clear();
    this.changed();
  }

  private async retry(id: number): Promise<void> {
    await this.frame.act(async () => {
      const { amount_cents } = await this.desk.http.post<{ amount_cents: number }>(`api/dispatch/payouts/${id}/retry`, undefined);
      this.frame.say(words.retried(this.said(amount_cents)));
    });
    this.changed();
  }

  private approvable(): Line[] {
    return this.lines.filter(({ status }) => status === "pending");
  }

  private selectAll(selected: boolean): void {
    const ids = this.approvable().map(({ id }) => id);
    this.selection.set(ids, selected);
    for (const id of ids) {
      const box = this.frame.element.querySelector<HTMLInputElement>(`[data-key="select-${id}"]`);
      if (box) box.checked = selected;
    }
  }

  private count(): void {
    const { size } = this.selection;
    const cents = sumOf(this.lines.filter(({ id }) => this.selection.has(id)));
    setText(this.selected, words.selected(words.lines(size), this.said(cents)));
    setText(this.approveMany, words.approveMany(this.said(cents)));
    show(this.bulk, size > 0);
    const open = this.approvable().length;
    this.all.checked = size > 0 && size === open;
    this.all.indeterminate = size > 0 && size < open;
  }

  private said(cents: number): string {
    return money(cents, region, this.currency);
  }
}

/** The colour family of what a line waits for: `.tag` knows them from statuses of jobs. */
const TONES = { pending: "open", approved: "planned", sending: "moving", failed: "ended", held: "open", paid: "done" } as const;
