import type L from "leaflet";
import { serverNow } from "../../lib/clock.ts";
import { byId, h, refill, setText, show } from "../../lib/dom.ts";
import { HttpProblem, type Http } from "../../lib/http.ts";
import type { JobView } from "../../lib/job_view.ts";
import type { Live } from "../../lib/live.ts";
import { Watch } from "../../lib/watch.ts";
import type { Status } from "../../lib/wire.ts";
import { JobMap } from "../../map/job_map.ts";
import { margins } from "../../map/margins.ts";
import { toneOf, words } from "../words.ts";
import { JobSource, type JobDetail } from "./detail.ts";
import { factsOf, whereabouts } from "./head.ts";
import { sectionsOf, type Sections } from "./sections.ts";
import { Sheet } from "./sheet.ts";
import { Steps } from "./steps.ts";

/** The vehicle is not to lie under the map's zoom buttons. */
const BESIDE_ZOOM: [number, number] = [28, 0];

/** What is known of a job before it is read: a card of the board, or a job. */
export interface Opening {
  id: string;
  service: string;
  status: Status;
  pro: { name: string } | null;
}

/** One job, watched live: where its pro is, every step that may be taken, and what each step caused. */
export class JobPanel {
  readonly watch: Watch;
  private readonly source: JobSource;
  private readonly map: L.Map;
  private readonly drawing: JobMap;
  private readonly element = byId("panel");
  private readonly status = h("span", { class: "tag" });
  private readonly where = h("p", { class: "whereabouts small" });
  private readonly facts = h("div", {}, h("p", { class: "small muted" }, words.loading));
  private readonly steps: Steps;
  private readonly sections: Sections;
  private readonly sheet: Sheet;
  private sights: [number, number][] = [];
  private placed = false;
  private reading = false;
  private stale = false;
  private over = false;

  /** `closed` is called when the panel is left. */
  constructor(live: Live, http: Http, map: L.Map, job: Opening, closed: () => void) {
    this.source = new JobSource(http, job.id);
    this.map = map;
    this.drawing = new JobMap(map, { vehicle: words.vehicle(job.pro?.name ?? ""), place: words.place });
    this.sections = sectionsOf(this.source, map, this.element, () => void this.reread());
    this.steps = new Steps(this.source, this.sections.ways, () => this.reread());
    const title = h("h2", { id: "panel-title", tabindex: "-1" }, job.service);
    this.element.replaceChildren(
      h("div", { class: "panel-head" }, h("div", { class: "panel-title" }, title, this.status)),
      this.where,
      this.facts,
      this.steps.element,
      h("div", {}, ...this.sections.all.map((section) => section.element)),
    );
    this.sheet = new Sheet(this.element, byId("board"), closed, () => this.fit());
    this.showStatus(job.status);
    title.focus();
    void this.reread();
    this.watch = new Watch(live, job.id, {
      changed: (view) => this.show(view),
      refused: (refusal) => this.steps.say(words.refused(refusal.message)),
    });
  }

  /** Takes the job off the screen; who was in it is back on its card. */
  close(): void {
    if (this.over) return;
    this.over = true;
    this.watch.leave();
    this.drawing.remove();
    this.sections.close();
    this.sheet.close();
    document.querySelector<HTMLElement>(`[data-job="${CSS.escape(this.source.id)}"]`)?.focus({ preventScroll: true });
  }

  /** A second passes: ages and estimates move on, and what lies open is looked at again. */
  tick(): void {
    this.showWhere();
    for (const section of this.sections.all) section.tick();
  }

  private show(view: JobView): void {
    const sights = this.drawing.show(view, view.contact === "live");
    this.showStatus(view.job.status);
    this.showWhere();
    const known = this.source.newest?.version ?? (this.reading ? view.version : 0); // what could not be read is tried again
    if (view.version > known) void this.reread();
    this.sights = sights.map(({ lat, lng }) => [lat, lng]);
    if (!this.placed) this.fit();
    this.placed = true;
  }

  /** Brings the pro and the place into the part of the map that the panel leaves free. */
  private fit(): void {
    if (this.sights.length === 0) return;
    const { topLeft, bottomRight } = margins(this.map, this.element);
    this.map.fitBounds(this.sights, { paddingTopLeft: topLeft, paddingBottomRight: bottomRight.add(BESIDE_ZOOM), maxZoom: 16 });
  }

  private showStatus(status: Status): void {
    setText(this.status, words.status[status]);
    this.status.dataset["tone"] = toneOf(status);
  }

  private showWhere(): void {
    const view = this.watch?.view ?? null; // the first snapshot may come before the watch is known here
    const lines = view === null ? [] : whereabouts(view, serverNow());
    setText(this.where, lines.join(" · "));
    show(this.where, lines.length > 0);
  }

  /** What may be done now is the server's word: after each change it is asked for again. */
  private async reread(): Promise<void> {
    this.stale = true;
    if (this.reading || this.over) return;
    this.reading = true;
    try {
      while (this.stale) await this.readOnce();
    } finally {
      this.reading = false;
    }
  }

  private async readOnce(): Promise<void> {
    this.stale = false;
    for (const section of this.sections.all) void section.refresh();
    try {
      this.showDetail(await this.source.read());
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      if (this.source.newest === null) this.facts.replaceChildren(h("p", { class: "notice notice-bad small", role: "alert" }, words.failed(error.message)));
      else this.steps.trouble(error);
    }
  }

  private showDetail(detail: JobDetail): void {
    this.showStatus(detail.job.status);
    refill(this.facts, factsOf(detail));
    this.steps.show(detail);
    for (const section of this.sections.all) section.look();
  }
}
