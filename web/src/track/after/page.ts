import "../../styles/after.css";
import { serverNow } from "../../lib/clock.ts";
import { h, icon, refill } from "../../lib/dom.ts";
import { ago } from "../../lib/format.ts";
import { HttpProblem, type Http } from "../../lib/http.ts";
import type { JobView } from "../../lib/job_view.ts";
import { LINK, TICK } from "../../lib/lone_page.ts";
import { learnProblems } from "../../lib/problems.ts";
import { region } from "../../lib/region.ts";
import type { LastKnown } from "../last_known.ts";
import { whoComes } from "../who.ts";
import { words as endings } from "../words/ending.ts";
import { words } from "../words/after.ts";
import { Photos } from "./photos.ts";
import { cancelledPart, receiptPart } from "./receipt.ts";
import { ReviewPart } from "./review.ts";
import { TipPart } from "./tip.ts";
import type { Receipt } from "./wire.ts";

/** A visit that is over, for its customer: what it cost, the photos, a tip, a review. Each part draws itself. */
export class AfterPage {
  private readonly http: Http;
  private readonly known: LastKnown;
  private readonly receipt = h("section", { id: "receipt", class: "panel", "aria-labelledby": "receipt-title", "aria-busy": "true" });
  private readonly photos: Photos;
  private readonly tip: TipPart;
  private readonly review: ReviewPart;
  private view: JobView;
  private version = 0;
  private reading = false;

  constructor(root: string, http: Http, known: LastKnown, view: JobView) {
    learnProblems(words.problems);
    this.http = http;
    this.known = known;
    this.view = view;
    const { id, pro } = view.job;
    const name = pro?.name ?? "";
    this.photos = new Photos(http, id);
    this.tip = new TipPart(http, id, name, () => void this.refresh());
    this.review = new ReviewPart(http, id);
    this.open(root);
    this.restore();
    addEventListener("online", () => void this.refresh());
    void this.refresh();
  }

  /** Something about the job changed: money settles a moment after the work is done. */
  changed(view: JobView): void {
    this.view = view;
    if (view.version > this.version) void this.refresh();
  }

  private get isCancelled(): boolean {
    return this.view.job.status === "cancelled";
  }

  private open(root: string): void {
    const { job } = this.view;
    const { title, more } = this.isCancelled ? endings.cancelled : endings.done;
    const heading = h("h1", { tabindex: "-1" }, title);
    const mark = h("div", { class: "lone-mark" }, icon(this.isCancelled ? LINK : TICK));
    const head = h("header", { class: "after-head" }, mark, heading, h("p", { class: "muted" }, more(job.service)));
    const pro = job.pro !== null && !this.isCancelled && h("div", { class: "who" }, ...whoComes(root, job.pro));
    refill(head, ...head.childNodes, pro);
    const parts = this.isCancelled ? [] : [this.photos.element, this.review.element, this.tip.element];
    const extras = h("div", { id: "extras", class: "extras", hidden: true });
    document.body.replaceChildren(h("main", { class: "after" }, head, this.receipt, ...parts, extras));
    document.title = title;
    heading.focus({ preventScroll: true });
    this.say(h("p", { class: "muted", role: "status" }, words.receipt.reading));
  }

  /** Without a network, what was known is better than nothing. */
  private restore(): void {
    const before = this.known.read();
    if (before?.receipt) this.show(before.receipt, words.receipt.known(ago(before.at_ms, serverNow(), region)));
  }

  private async refresh(): Promise<void> {
    if (this.reading) return; // the answer that is on its way is followed by another look if it is too old
    this.reading = true;
    const wanted = this.view.version;
    try {
      const receipt = await this.http.get<Receipt>(`api/jobs/${encodeURIComponent(this.view.job.id)}/receipt`);
      this.version = Math.max(receipt.version, wanted);
      this.known.keepReceipt(receipt);
      this.show(receipt, null);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      if (this.version === 0) this.failed(error);
    } finally {
      this.reading = false;
    }
    if (this.version > 0 && this.view.version > this.version) void this.refresh();
  }

  private show(receipt: Receipt, note: string | null): void {
    const { job } = this.view;
    this.receipt.removeAttribute("aria-busy");
    this.receipt.dataset["money"] = receipt.money;
    this.say(...(this.isCancelled ? cancelledPart(receipt) : receiptPart(receipt, job)), note !== null && h("p", { class: "muted small", role: "status" }, note));
    if (this.isCancelled || note !== null) return;
    this.tip.show(receipt);
    this.review.show(receipt);
    void this.photos.refresh();
  }

  private failed(error: HttpProblem): void {
    if (this.receipt.dataset["money"] !== undefined) return; // the known one stays
    const again = h("button", { class: "button", type: "button", "data-key": "again", click: () => void this.refresh() }, words.receipt.again);
    this.say(h("p", { role: "status" }, words.receipt.failed(error.message)), again);
  }

  private say(...children: (HTMLElement | false)[]): void {
    refill(this.receipt, h("h2", { id: "receipt-title" }, words.receipt.title), ...children);
  }
}
