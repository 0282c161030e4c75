import { byId, h, refill, show } from "../lib/dom.ts";
import { HttpProblem, type Http } from "../lib/http.ts";
import type { Offer } from "../lib/job.ts";
import type { Live } from "../lib/live.ts";
import { metresBetween } from "../lib/motion.ts";
import type { MapSettings, Place } from "../lib/wire.ts";
import type { FeedMap } from "./feed_map.ts";
import { offerCard } from "./job_card.ts";
import { words } from "./words.ts";

const RADIUS_MILES = 20;
/** The feed is asked for anew after driving this far. */
const FEED_MOVE_M = 2_000;
/** After a look that failed. */
const AGAIN_MS = 10_000;

export interface FeedHandlers {
  /** Where to look for jobs; null while nobody knows where the pro is. */
  here(): Place | null;
  tell(text: string): void;
  /** A job was claimed, or somebody else has it. */
  claimed(won: boolean): void;
  /** How many open jobs there are now. */
  count(offers: number): void;
  trouble(problem: HttpProblem): void;
}

/** The open jobs nearby, as a list or on a map, kept right by the socket; and claiming one. */
export class Feed {
  private readonly http: Http;
  private readonly live: Live;
  private readonly handlers: FeedHandlers;
  private readonly settings: Promise<MapSettings>;
  private offers: Offer[] = [];
  private lookedAt: Place | null = null;
  private looking = false;
  private not_before_ms = 0;
  private busy = false;
  private shown = "";
  private map: FeedMap | null = null;
  private asMap = false;

  constructor(http: Http, live: Live, settings: Promise<MapSettings>, handlers: FeedHandlers) {
    this.http = http;
    this.live = live;
    this.settings = settings;
    this.handlers = handlers;
    byId("feed-as-list").addEventListener("click", () => this.showAs(false));
    byId("feed-as-map").addEventListener("click", () => this.showAs(true));
    byId("feed-map").setAttribute("aria-label", words.map);
  }

  /** Reads the open jobs around the pro, and stays subscribed to them. */
  async lookAround(): Promise<void> {
    const here = this.handlers.here();
    if (here === null || this.looking) return this.render();
    this.looking = true;
    this.lookedAt = here;
    const { lat, lng } = here;
    try {
      this.offers = (await this.http.get<{ jobs: Offer[] }>(`api/hauler/feed?lat=${lat}&lng=${lng}&radius=${RADIUS_MILES}`)).jobs;
      this.render();
      if (!this.live.connected) return;
      // Subscribed now: its answer holds whatever was posted since the request before.
      const watched = await this.live.ask<{ ok: true; jobs: Offer[] }>("watch_feed", { lat, lng, radius: RADIUS_MILES }).catch(() => null);
      if (watched) this.offers = watched.jobs;
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      this.lookedAt = null; // nothing was seen: asked again in a while
      this.not_before_ms = Date.now() + AGAIN_MS;
      if (!error.retry) this.handlers.trouble(error);
    } finally {
      this.looking = false;
      this.render();
    }
  }

  /** Looks around again when the pro has driven on. */
  moved(): void {
    const here = this.handlers.here();
    if (here === null || !navigator.onLine || Date.now() < this.not_before_ms) return;
    if (this.lookedAt === null || metresBetween(here, this.lookedAt) > FEED_MOVE_M) void this.lookAround();
    this.map?.youAre(here);
  }

  event(name: string, data: unknown): void {
    if (name === "job_posted") {
      const { job } = data as { job: Offer };
      this.offers = [...this.offers.filter((offer) => offer.id !== job.id), job].sort((a, b) => a.distance_miles - b.distance_miles);
      this.render();
    } else if (name === "job_taken") {
      this.forget((data as { job_id: string }).job_id);
      this.render();
    }
  }

  render(): void {
    this.handlers.count(this.offers.length);
    const state = JSON.stringify([this.offers, this.busy, this.nothing()]);
    if (state === this.shown) return; // what is about to be tapped stays where it is
    this.shown = state;
    const cards = this.offers.map((offer) => offerCard(offer, () => void this.claim(offer), this.busy));
    const empty = h("li", { class: "empty" }, this.nothing());
    refill(byId("feed"), ...(cards.length > 0 ? cards : [empty]));
    this.map?.show(this.offers);
  }

  private nothing(): string {
    if (!navigator.onLine) return words.offersAsOf;
    return this.handlers.here() === null ? words.whereAreYou : words.noOffers;
  }

  /** One claim at a time: a double tap does nothing twice. */
  private async claim(offer: Offer): Promise<void> {
    if (this.busy) return;
    if (!navigator.onLine) return this.handlers.tell(words.claimOffline);
    this.busy = true;
    this.render();
    try {
      await this.http.post(`api/jobs/${encodeURIComponent(offer.id)}/accept`, {});
      this.forget(offer.id);
      this.handlers.tell(words.claimed(offer.service));
      this.handlers.claimed(true);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      if (error.code === "job_taken") {
        this.forget(offer.id);
        this.handlers.tell(words.tooSlow);
        this.handlers.claimed(false);
      } else {
        this.handlers.trouble(error);
      }
    } finally {
      this.busy = false;
      this.render();
    }
  }

  private forget(id: string): void {
    this.offers = this.offers.filter((offer) => offer.id !== id);
  }

  private showAs(asMap: boolean): void {
    this.asMap = asMap;
    byId("feed-as-list").setAttribute("aria-pressed", String(!asMap));
    byId("feed-as-map").setAttribute("aria-pressed", String(asMap));
    show(byId("feed-map"), asMap);
    if (asMap) void this.drawMap();
  }

  /** The map is heavy, so it is loaded when somebody wants it. */
  private async drawMap(): Promise<void> {
    if (this.map === null) {
      const loaded = await Promise.all([import("./feed_map.ts"), this.settings]).catch(() => null);
      if (loaded === null) return this.handlers.tell(words.offline);
      const [{ FeedMap }, settings] = loaded;
      this.map ??= new FeedMap(this.http, settings, (id) => this.reveal(id));
    }
    if (!this.asMap) return;
    this.map.show(this.offers);
    const here = this.handlers.here();
    if (here !== null) this.map.youAre(here);
    this.map.frame();
  }

  /** A job was chosen on the map: its card says the rest. */
  private reveal(id: string): void {
    const card = byId("feed").querySelector<HTMLElement>(`[data-offer="${CSS.escape(id)}"]`);
    card?.scrollIntoView({ block: "nearest" });
    card?.querySelector("button")?.focus();
  }
}
