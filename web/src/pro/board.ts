import { byId, h, setText, show } from "../lib/dom.ts";
import { HttpProblem, type Http } from "../lib/http.ts";
import type { Job, JobPage, Offer } from "../lib/job.ts";
import type { Live } from "../lib/live.ts";
import { metresBetween } from "../lib/motion.ts";
import { signOut } from "../lib/token.ts";
import type { Place, Status } from "../lib/wire.ts";
import { jobCard, offerCard } from "./job_card.ts";
import { words } from "./words.ts";

const RADIUS_MILES = 20;
/** The feed is asked for anew after driving this far. */
const FEED_MOVE_M = 2_000;

/** The pro's jobs and the open ones nearby, and what can be done with them. */
export class Board {
  private readonly http: Http;
  private readonly live: Live;
  private readonly place: () => Place | null;
  private jobs: Job[] = [];
  private offers: Offer[] = [];
  private feedAt: Place | null = null;
  /** The middle of the only city there is, when the server knows it. */
  city: Place | null = null;
  private busy = false;

  /** `place` is where the pro is now, if the phone says. */
  constructor(http: Http, live: Live, place: () => Place | null) {
    this.http = http;
    this.live = live;
    this.place = place;
  }

  /** Reads the jobs again. */
  async refresh(): Promise<void> {
    await this.try(async () => {
      this.jobs = (await this.http.get<JobPage>("api/me/jobs")).jobs;
      this.render();
    });
  }

  /** Reads the feed around the pro, and stays subscribed to it. */
  async lookAround(): Promise<void> {
    const here = this.here();
    if (here === null) return this.render();
    this.feedAt = here;
    const { lat, lng } = here;
    await this.try(async () => {
      this.offers = (await this.http.get<{ jobs: Offer[] }>(`api/hauler/feed?lat=${lat}&lng=${lng}&radius=${RADIUS_MILES}`)).jobs;
      this.render();
      if (!this.live.connected) return;
      // Subscribed now: its answer holds whatever was posted since the request before.
      const watched = await this.live
        .ask<{ ok: true; jobs: Offer[] }>("watch_feed", { lat, lng, radius: RADIUS_MILES })
        .catch(() => null);
      if (watched) this.offers = watched.jobs;
      this.render();
    });
  }

  /** Looks around again when the pro has driven on. */
  moved(): void {
    const here = this.here();
    if (here && (this.feedAt === null || metresBetween(here, this.feedAt) > FEED_MOVE_M)) void this.lookAround();
  }

  event(name: string, data: unknown): void {
    if (name === "job_posted") {
      const { job } = data as { job: Offer };
      this.offers = [...this.offers.filter((offer) => offer.id !== job.id), job].sort(nearestFirst);
      this.render();
    } else if (name === "job_taken") {
      this.forget((data as { job_id: string }).job_id);
      this.render();
    } else if (name === "arrival_suggested") {
      this.tell(words.arrivalSuggested);
    } else if (name === "status_changed" || name === "revoked") {
      void this.refresh();
    }
  }

  /** Where to look for jobs: around the phone, or else around the first job, or else in the city. */
  private here(): Place | null {
    return this.place() ?? this.jobs[0] ?? this.city;
  }

  private async claim(offer: Offer): Promise<void> {
    await this.act(async () => {
      try {
        await this.http.post(`api/jobs/${encodeURIComponent(offer.id)}/accept`, {});
        this.tell(words.claimed(offer.service));
      } catch (error) {
        if (!(error instanceof HttpProblem) || error.code !== "job_taken") throw error;
        this.tell(words.tooSlow);
      }
      this.forget(offer.id);
    });
  }

  private async move(job: Job, to: Status): Promise<void> {
    if ((to === "open" || to === "cancelled") && !confirm(words.sure[to])) return;
    await this.act(async () => {
      const here = this.place();
      const where = here === null ? {} : { lat: here.lat, lng: here.lng };
      const body = { status: to, occurred_at: Date.now(), ...where };
      await this.http.post(`api/jobs/${encodeURIComponent(job.id)}/status`, body);
      this.tell(null);
    });
  }

  /** One action at a time: a double tap does nothing twice. */
  private async act(action: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.render();
    try {
      await this.try(action);
      await this.refresh();
    } finally {
      this.busy = false;
      this.render();
    }
  }

  private async try(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      if (error.status === 401) signOut();
      else this.tell(error.status === 0 && !navigator.onLine ? words.offline : words.notDone(error.message));
    }
  }

  private forget(id: string): void {
    this.offers = this.offers.filter((offer) => offer.id !== id);
  }

  private tell(text: string | null): void {
    const news = byId("news");
    show(news, text !== null);
    setText(news, text ?? "");
  }

  private render(): void {
    const jobs = this.jobs.map((job) => jobCard(job, (to) => void this.move(job, to)));
    const offers = this.offers.map((offer) => offerCard(offer, () => void this.claim(offer)));
    fill(byId("jobs"), jobs, words.noJobs, this.busy);
    fill(byId("feed"), offers, this.here() === null ? words.whereAreYou : words.noOffers, this.busy);
  }
}

function fill(list: HTMLElement, items: HTMLElement[], empty: string, busy: boolean): void {
  list.replaceChildren(...(items.length > 0 ? items : [h("li", { class: "empty" }, empty)]));
  for (const button of list.querySelectorAll("button")) button.disabled = busy;
}

function nearestFirst(a: Offer, b: Offer): number {
  return a.distance_miles - b.distance_miles;
}
