import { h, refill } from "../../lib/dom.ts";
import { HttpProblem, type Http } from "../../lib/http.ts";
import { words } from "../words/after.ts";
import type { Photo } from "./wire.ts";

/** The photos' addresses are good for five minutes: they are asked for anew before that. */
const ANEW_MS = 4 * 60_000;

/** Photos from before and after the work; nothing at all while there are none. */
export class Photos {
  readonly element = h("section", { id: "photos", class: "panel", "aria-labelledby": "photos-title", hidden: true });
  private readonly http: Http;
  private readonly job_id: string;
  private shown = "";
  private asked_ms = Number.NEGATIVE_INFINITY;

  constructor(http: Http, job_id: string) {
    this.http = http;
    this.job_id = job_id;
    setInterval(() => this.anew(), 10_000);
    document.addEventListener("visibilitychange", () => this.anew());
  }

  async refresh(): Promise<void> {
    this.asked_ms = performance.now();
    try {
      const { evidence } = await this.http.get<{ evidence: Photo[] }>(`api/jobs/${encodeURIComponent(this.job_id)}/evidence`);
      this.draw(evidence);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error; // those that are shown stay; the next look asks again
    }
  }

  private anew(): void {
    const due = performance.now() - this.asked_ms > ANEW_MS;
    if (due && Number.isFinite(this.asked_ms) && document.visibilityState === "visible") void this.refresh();
  }

  private draw(photos: Photo[]): void {
    const key = JSON.stringify(photos.map(({ url }) => url));
    if (key === this.shown) return;
    this.shown = key;
    this.element.hidden = photos.length === 0;
    const kinds = (["before", "after"] as const).map((kind) => this.row(kind, photos.filter((photo) => photo.kind === kind)));
    refill(this.element, h("h2", { id: "photos-title" }, words.photos.title), h("div", { class: "photos" }, ...kinds));
  }

  private row(kind: Photo["kind"], photos: Photo[]): HTMLElement | null {
    if (photos.length === 0) return null;
    const pictures = photos.map(({ id, url, thumb_url }, index) => {
      const label = words.photos.open(words.photos[kind], index + 1);
      const image = h("img", { src: thumb_url, alt: "", width: "480", height: "360", loading: "lazy" });
      return h("a", { href: url, target: "_blank", rel: "noreferrer", "aria-label": label, "data-key": id }, image);
    });
    return h("div", {}, h("h3", {}, words.photos[kind]), h("div", { class: "photo-row" }, ...pictures));
  }
}
