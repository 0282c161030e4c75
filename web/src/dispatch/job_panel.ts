import type L from "leaflet";
import { serverNow } from "../lib/clock.ts";
import { byId, h, show } from "../lib/dom.ts";
import { ago, arrival, clock, distance } from "../lib/format.ts";
import type { Http } from "../lib/http.ts";
import type { Job } from "../lib/job.ts";
import type { JobView } from "../lib/job_view.ts";
import type { Live } from "../lib/live.ts";
import { region } from "../lib/region.ts";
import { Watch } from "../lib/watch.ts";
import { JobMap } from "../map/job_map.ts";
import { margins } from "../map/margins.ts";
import { tag } from "./job_list.ts";
import { sectionsOf } from "./sections.ts";
import type { Refreshable } from "./section.ts";
import { Steps } from "./steps.ts";
import { words } from "./words.ts";

/** What becomes of a message is no job event, so what lies open is read again this often. */
const LOOK_AGAIN_S = 2;

/** One job, watched live: where its pro is, every step that may be taken, and what each step caused. */
export class JobPanel {
  readonly watch: Watch;
  private readonly http: Http;
  private readonly map: L.Map;
  private readonly drawing: JobMap;
  private readonly changed: () => void;
  private readonly panel = byId("panel");
  private readonly facts = h("div", {});
  private readonly steps: Steps;
  private readonly sections: Refreshable[];
  private job: Job;
  private placed = false;
  private reading = false;
  private stale = false;
  private seconds = 0;

  /** `changed` is called when the job took a step; `closed` when the panel is left. */
  constructor(live: Live, http: Http, map: L.Map, job: Job, changed: () => void, closed: () => void) {
    this.http = http;
    this.map = map;
    this.job = job;
    this.changed = changed;
    this.drawing = new JobMap(map, { vehicle: words.vehicle(job.pro?.name ?? ""), place: words.place });
    const close = h("button", { class: "button close", type: "button", "aria-label": words.close, click: closed }, "×");
    const title = h("h2", { id: "panel-title", tabindex: "-1" }, job.service);
    this.steps = new Steps(http, job, () => this.reread());
    this.sections = sectionsOf(http, () => this.job, () => void this.reread());
    this.panel.replaceChildren(
      h("div", { class: "row panel-head" }, title, close),
      this.facts,
      this.steps.element,
      h("div", {}, ...this.sections.map((section) => section.element)),
    );
    show(this.panel, true);
    title.focus();
    for (const section of this.sections) void section.refresh();
    this.watch = new Watch(live, job.id, {
      changed: (view) => this.show(view),
      refused: (refusal) => this.steps.say(words.refused(refusal.message)),
    });
  }

  /** Takes the job off the screen. */
  close(): void {
    this.watch.leave();
    this.drawing.remove();
    show(this.panel, false);
  }

  /** Seconds pass: ages and estimates move on, and what lies open is looked at again. */
  tick(): void {
    if (this.watch.view) this.renderFacts(this.watch.view);
    if (++this.seconds % LOOK_AGAIN_S !== 0) return;
    for (const section of this.sections) if (section.element.open) void section.refresh();
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
      const { band, at_ms } = arrival(eta, (now_ms - last_seen_ms) / 1_000, now_ms, region);
      lines.push(words.eta(band, clock(at_ms, region), distance(eta.distance_m, region)));
    }
    if (view.trail.length > 0) lines.push(words.trail(view.trail.length));
    const key = JSON.stringify([view.job.status, lines]);
    if (this.facts.dataset["key"] === key) return;
    this.facts.dataset["key"] = key;
    this.facts.replaceChildren(tag(view.job.status), ...lines.map((line) => h("p", { class: "small" }, line)));
  }

  /** The allowed steps are the server's word: after each change they are asked for again. */
  private async reread(): Promise<void> {
    this.stale = true;
    if (this.reading) return;
    this.reading = true;
    try {
      while (this.stale) await this.readOnce();
    } finally {
      this.reading = false;
    }
  }

  private async readOnce(): Promise<void> {
    this.stale = false;
    for (const section of this.sections) void section.refresh();
    try {
      this.job = await this.http.get<Job>(`api/jobs/${encodeURIComponent(this.job.id)}`);
      this.steps.show(this.job);
      this.changed();
    } catch (error) {
      this.steps.trouble(error);
    }
  }
}
