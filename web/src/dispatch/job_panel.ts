import type L from "leaflet";
import { serverNow } from "../lib/clock.ts";
import { byId, h, setText, show } from "../lib/dom.ts";
import { ago, arrival, clock, distance } from "../lib/format.ts";
import { HttpProblem, type Http } from "../lib/http.ts";
import type { Job } from "../lib/job.ts";
import type { JobView } from "../lib/job_view.ts";
import type { Live } from "../lib/live.ts";
import { region } from "../lib/region.ts";
import { Watch } from "../lib/watch.ts";
import type { Status } from "../lib/wire.ts";
import { JobMap } from "../map/job_map.ts";
import { margins } from "../map/margins.ts";
import { tag } from "./job_list.ts";
import { words } from "./words.ts";

/** One job, watched live: where its pro is, and every step that may be taken. */
export class JobPanel {
  readonly watch: Watch;
  private readonly http: Http;
  private readonly map: L.Map;
  private readonly drawing: JobMap;
  private readonly changed: () => void;
  private readonly panel = byId("panel");
  private readonly facts = h("div", {});
  private readonly actions = h("div", { class: "actions" });
  private readonly problem = h("div", { class: "override", role: "status" });
  private job: Job;
  private placed = false;
  private busy = false;

  /** `changed` is called when the job took a step; `closed` when the panel is left. */
  constructor(live: Live, http: Http, map: L.Map, job: Job, changed: () => void, closed: () => void) {
    this.http = http;
    this.map = map;
    this.job = job;
    this.changed = changed;
    this.drawing = new JobMap(map, { vehicle: words.vehicle(job.pro?.name ?? ""), place: words.place });
    const close = h("button", { class: "button close", type: "button", "aria-label": words.close, click: closed }, "×");
    const title = h("h2", { id: "panel-title", tabindex: "-1" }, job.service);
    this.panel.replaceChildren(
      h("div", { class: "row" }, title, close),
      this.facts,
      this.actions,
      this.problem,
    );
    show(this.panel, true);
    title.focus();
    this.renderActions();
    this.watch = new Watch(live, job.id, {
      changed: (view) => this.show(view),
      refused: (refusal) => setText(this.problem, words.refused(refusal.message)),
    });
  }

  /** Takes the job off the screen. */
  close(): void {
    this.watch.leave();
    this.drawing.remove();
    show(this.panel, false);
  }

  /** Seconds pass: ages and estimates move on. */
  tick(): void {
    if (this.watch.view) this.renderFacts(this.watch.view);
  }

  private show(view: JobView): void {
    const sights = this.drawing.show(view, view.contact === "live");
    if (view.version > this.job.version || view.job.status !== this.job.status) void this.reread();
    this.renderFacts(view);
    if (!this.placed) {
      this.placed = true;
      const bounds = sights.map((place): [number, number] => [place.lat, place.lng]);
      const { topLeft, bottomRight } = margins(this.map, this.panel);
      this.map.fitBounds(bounds, { paddingTopLeft: topLeft, paddingBottomRight: bottomRight, maxZoom: 16 });
    }
  }

  private renderFacts(view: JobView): void {
    const now_ms = serverNow();
    const { eta, last_seen_ms, contact } = view;
    const lines = [view.job.address, `${view.job.customer_name ?? ""} · ${view.job.pro?.name ?? words.noPro}`];
    if (contact !== null && last_seen_ms !== null) {
      lines.push(words.seen(words.contact[contact], ago(last_seen_ms, now_ms, region)));
    }
    if (eta !== null && last_seen_ms !== null && view.job.status === "en_route") {
      const { band, at_ms } = arrival(eta, (now_ms - last_seen_ms) / 1_000, now_ms);
      lines.push(words.eta(band, clock(at_ms, region), distance(eta.distance_m, region)));
    }
    if (view.trail.length > 0) lines.push(words.trail(view.trail.length));
    const key = JSON.stringify([view.job.status, lines]);
    if (this.facts.dataset["key"] === key) return;
    this.facts.dataset["key"] = key;
    this.facts.replaceChildren(tag(view.job.status), ...lines.map((line) => h("p", { class: "small" }, line)));
  }

  /** The allowed steps are the server's word: after each step they are asked for again. */
  private async reread(): Promise<void> {
    try {
      this.job = await this.http.get<Job>(`api/jobs/${encodeURIComponent(this.job.id)}`);
      this.renderActions();
      this.changed();
    } catch (error) {
      this.trouble(error);
    }
  }

  private renderActions(): void {
    const buttons = this.job.allowed.map((status) =>
      h("button", { class: "button", type: "button", "data-to": status, click: () => void this.move(status) }, words.move(words.status[status])),
    );
    for (const button of buttons) button.disabled = this.busy;
    this.actions.replaceChildren(...buttons);
  }

  private async move(to: Status, override_reason?: string): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.renderActions();
    try {
      const body = override_reason === undefined ? { status: to } : { status: to, override_reason };
      await this.http.post(`api/jobs/${encodeURIComponent(this.job.id)}/status`, body);
      this.problem.replaceChildren();
    } catch (error) {
      if (error instanceof HttpProblem && error.code === "guard_refused") this.askReason(to, error.message);
      else this.trouble(error);
    } finally {
      this.busy = false;
    }
    await this.reread();
  }

  /** A guard said no: a dispatcher may go ahead with a written reason. */
  private askReason(to: Status, why: string): void {
    const reason = h("textarea", { id: "reason", rows: "2", required: true, minlength: "3", maxlength: "500" });
    const send = (): void => {
      if (reason.reportValidity()) void this.move(to, reason.value.trim());
    };
    this.problem.replaceChildren(
      h("p", { class: "notice notice-bad small" }, words.refused(why)),
      h("label", { class: "small", for: "reason" }, words.overrideLabel),
      reason,
      h("button", { class: "button button-main", type: "button", click: send }, words.override(words.status[to])),
    );
    reason.focus();
  }

  private trouble(error: unknown): void {
    if (!(error instanceof HttpProblem)) throw error;
    this.problem.replaceChildren(h("p", { class: "notice notice-bad small" }, words.failed(error.message)));
  }
}
