import { serverNow } from "../../lib/clock.ts";
import { h, refill } from "../../lib/dom.ts";
import { ago } from "../../lib/format.ts";
import { HttpProblem, type Http } from "../../lib/http.ts";
import { region } from "../../lib/region.ts";
import { words } from "../words/extras.ts";

/** A link that the customer passed on, of `GET /api/jobs/{id}/shared-links`. */
interface Shared {
  id: number;
  created_at: string;
  seen_at: string | null;
}

/** Passing the visit on: make a link, hand it over, see whether it was opened, take it back. */
export class SharePart {
  readonly element = h("div", { class: "fold-body" });
  private readonly http: Http;
  private readonly address: string;
  private links: Shared[] = [];
  private most = 0;
  /** The newest link: it can be shown only once. */
  private fresh: { id: number; url: string } | null = null;
  private reading: Promise<void> = Promise.resolve();
  private busy = false;

  constructor(http: Http, job_id: string) {
    this.http = http;
    this.address = `api/jobs/${encodeURIComponent(job_id)}/shared-links`;
    this.draw("");
  }

  /** The list as it is now; what a tap asks for ends with that anyway. */
  refresh(): Promise<void> {
    if (!this.busy) this.reading = this.carryOut(() => Promise.resolve(""));
    return this.reading;
  }

  private make(): Promise<void> {
    return this.act(async () => {
      const { url, shared } = await this.http.post<{ url: string; shared: Shared }>(this.address, {});
      this.fresh = { id: shared.id, url: new URL(url, location.href).href };
      return "";
    });
  }

  private stop(id: number): Promise<void> {
    return this.act(async () => {
      await this.http.remove(`${this.address}/${id}`).catch(onlyIfThere);
      if (this.fresh?.id === id) this.fresh = null;
      return words.share.stopped;
    });
  }

  /** One tap at a time, after a reading that is on its way; a second tap meanwhile does nothing. */
  private async act(work: () => Promise<string>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await this.reading.catch(() => undefined); // whoever asked for it heard of it
      await this.carryOut(work);
    } finally {
      this.busy = false;
    }
  }

  private async carryOut(work: () => Promise<string>): Promise<void> {
    this.element.setAttribute("aria-busy", "true");
    let said: string;
    try {
      said = await work();
      const { links, at_most } = await this.http.get<{ links: Shared[]; at_most: number }>(this.address);
      this.links = links;
      this.most = at_most;
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      said = words.share.failed(error.message);
    } finally {
      this.element.removeAttribute("aria-busy");
    }
    this.draw(said);
  }

  private draw(said: string): void {
    const full = this.most > 0 && this.links.length >= this.most;
    const label = this.links.length > 0 ? words.share.another : words.share.make;
    const make = h("button", { class: this.fresh ? "button" : "button button-main", type: "button", "data-key": "make", click: () => void this.make() }, label);
    refill(
      this.element,
      h("p", { class: "muted small" }, words.share.more),
      this.fresh !== null && this.handOver(this.fresh.url),
      full ? h("p", { class: "muted small" }, words.share.full(this.most)) : make,
      h("p", { role: "status", class: "said" }, said),
      this.links.length > 0 && h("h3", {}, words.share.list),
      this.links.length > 0 && h("ul", { class: "shared" }, ...this.links.map((link) => this.row(link))),
    );
  }

  private row({ id, created_at, seen_at }: Shared): HTMLElement {
    const now_ms = serverNow();
    const seen = seen_at === null ? words.share.unseen : words.share.seen(ago(Date.parse(seen_at), now_ms, region));
    const stop = h("button", { class: "button", type: "button", "data-key": `stop-${id}`, click: () => void this.stop(id) }, words.share.stop);
    return h("li", { "data-link": String(id) }, h("span", { class: "small" }, `${words.share.made(ago(Date.parse(created_at), now_ms, region))} · ${seen}`), stop);
  }

  /** The phone's own way of passing on where there is one, else copying. */
  private handOver(url: string): HTMLElement {
    const field = h("input", { id: "shared-link", class: "field", type: "url", readonly: true, value: url, "aria-label": words.share.link });
    field.addEventListener("focus", () => field.select());
    const said = h("p", { role: "status", class: "said" });
    const copy = async (): Promise<void> => {
      try {
        await navigator.clipboard.writeText(url);
        said.textContent = words.share.copied;
      } catch {
        field.focus();
        said.textContent = words.share.notCopied;
      }
    };
    const send = (): void => void navigator.share({ text: words.share.text, url }).catch(() => undefined); // they thought better of it
    const canShare = typeof navigator.share === "function";
    return h(
      "div",
      { class: "hand-over" },
      field,
      h("p", { class: "muted small", role: "status" }, words.share.once),
      canShare && h("button", { class: "button button-main", type: "button", "data-key": "send", click: send }, words.share.send),
      h("button", { class: canShare ? "button" : "button button-main", type: "button", "data-key": "copy", click: () => void copy() }, words.share.copy),
      said,
    );
  }
}

/** A link that somebody else stopped meanwhile is stopped. */
function onlyIfThere(error: unknown): void {
  if (!(error instanceof HttpProblem) || error.status !== 404) throw error;
}
