import L from "leaflet";
import "../styles/fleet.css";
import { byId, h, setText } from "../lib/dom.ts";
import type { Live } from "../lib/live.ts";
import { onSchemeChange } from "../map/palette.ts";
import { mostOf } from "../map/world.ts";
import { onAddress, said } from "./address.ts";
import type { BoardStore } from "./board_store.ts";
import { InSight } from "./fleet/in_sight.ts";
import { jobsIn, prosIn } from "./fleet/layers.ts";
import { Legend } from "./fleet/legend.ts";
import { oneJobOf } from "./fleet/pick.ts";
import { Pointer } from "./fleet/pointer.ts";
import { Pros, type FleetTick } from "./fleet/pros.ts";
import { placeOf, type Cluster, type Facts, type Mark, type Scene } from "./fleet/scene.ts";
import { Sight } from "./fleet/sight.ts";
import { Stage } from "./fleet/stage.ts";
import { inSight, together } from "./fleet/tell.ts";
import { fleet } from "./words/fleet.ts";

const words = fleet.fleet;
/** How near a click on a group goes at most, and how near the map begins. */
const NEAREST_ZOOM = 17;
const FIRST_ZOOM = 14;
/** Things that are nearer to each other than this, even there, are listed instead, CSS pixels. */
const TOLD_APART_PX = 48;
/** A map that begins so far out was not told where the company works. */
const ANYWHERE_ZOOM = 5;
/** A screen reader is told how things stand no more often than this. */
const SPOKEN_EVERY_MS = 20_000;

/**
 * All pros and jobs in sight, live, on one canvas; a click opens the job.
 *
 * It works only while somebody looks: on a hidden page, or behind another page of the portal, it draws nothing and
 * the server tells it nothing.
 */
export class FleetMap {
  private readonly map: L.Map;
  private readonly jobs: BoardStore;
  private readonly open: (job_id: string) => void;
  private readonly pros = new Pros();
  private readonly stage: Stage;
  private readonly sight: Sight;
  private readonly legend: Legend;
  private readonly list: InSight;
  private readonly pointer: Pointer;
  private readonly spoken = h("p", { class: "visually-hidden", role: "status" });
  private opened: string | null = null;
  private placed = false;
  /** Whether the pros in sight have been told once. */
  private met = false;
  private spoken_ms = -Infinity;

  /** Draws the jobs that the board's filter lets through. */
  constructor(map: L.Map, live: Live, jobs: BoardStore, open: (job_id: string) => void) {
    this.map = map;
    this.jobs = jobs;
    this.open = open;
    const frame = map.getContainer().parentElement as HTMLElement;
    this.sight = new Sight(map, live, {
      seen: (positions, asked_ms) => {
        this.pros.replace(positions, asked_ms, performance.now(), this.stage.still);
        this.met = true;
        this.begin();
        this.stage.changed();
      },
      refused: (why) => setText(byId("fleet"), words.unreadable(why)),
    });
    this.legend = new Legend(frame, {
      changed: () => this.stage.changed(),
      everything: () => this.showEverything(),
      list: () => this.list.show(inSight(this.stage.scene.counts), this.inSight()),
    });
    this.list = new InSight(frame, (mark) => this.choose(mark));
    this.stage = new Stage(map, () => this.facts(), (scene) => this.told(scene));
    this.pointer = new Pointer(map, frame, {
      at: (point) => this.stage.at(point),
      closer: (cluster) => this.closer(cluster),
      chosen: (marks) => this.chosen(marks),
    });
    frame.append(this.spoken);
    map.once("dragstart zoomstart", () => (this.placed = true));
    jobs.on(() => {
      this.begin();
      this.stage.changed();
    });
    onAddress(() => this.jobOpened());
    this.jobOpened();
    onSchemeChange(() => this.legend.repaint());
    document.addEventListener("visibilitychange", () => this.lookedAt());
    new ResizeObserver(() => this.lookedAt()).observe(map.getContainer());
  }

  /** The connection is up (again). */
  watch(): Promise<void> {
    return this.sight.ask();
  }

  /** `fleet_tick`. */
  take(tick: FleetTick): void {
    this.pros.take(tick, performance.now(), this.stage.still);
    this.stage.changed();
  }

  /** A second passed: who has not been heard of for long looks otherwise now. */
  paint(): void {
    this.stage.changed();
    this.pointer.tick();
  }

  private facts(): Facts {
    const job_id = this.opened;
    const pro_id = (job_id !== null && this.jobs.cards.get(job_id)?.pro?.id) || null;
    return { pros: this.pros.values(), cards: this.jobs.shown(), hidden: this.legend.hidden, except: { job_id, pro_id } };
  }

  /** The address says that a job is open beside the map, which draws it itself, or that none is any more. */
  private jobOpened(): void {
    const job_id = said("job");
    if (job_id === this.opened) return;
    if ((job_id === null) !== (this.opened === null)) this.legend.makeRoom(job_id !== null);
    this.opened = job_id;
    this.stage.changed();
  }

  /** A new scene: says how things stand, in words and as data for tests and for who debugs the page. */
  private told({ counts, clusters }: Scene): void {
    const text = inSight(counts);
    setText(byId("fleet"), text);
    this.legend.count(counts);
    if (performance.now() - this.spoken_ms > SPOKEN_EVERY_MS && this.spoken.textContent !== text) {
      this.spoken_ms = performance.now();
      this.spoken.textContent = text;
    }
    const { dataset } = this.map.getContainer();
    dataset["pros"] = String(prosIn(counts));
    dataset["jobs"] = String(jobsIn(counts));
    dataset["clusters"] = String(clusters.length);
  }

  private lookedAt(): void {
    const seen = document.visibilityState === "visible" && this.map.getContainer().clientWidth > 0;
    if (seen) {
      this.stage.resume();
      this.sight.resume();
    } else {
      this.stage.pause();
      this.sight.pause();
    }
  }

  /** The first that is known of: a map that was not told where the company works goes there, unless somebody moved it. */
  private begin(): void {
    if (this.placed || !this.met || !this.jobs.ready) return;
    if (this.map.getZoom() > ANYWHERE_ZOOM) this.placed = true;
    else this.showEverything(FIRST_ZOOM);
  }

  private showEverything(maxZoom = NEAREST_ZOOM): void {
    const most = mostOf([...this.pros.values(), ...this.jobs.shown()]);
    if (most === null) return;
    this.placed = true;
    this.fit(most, maxZoom);
  }

  /** Goes closer to a group, or lists it when closer would not take it apart. */
  private closer(cluster: Cluster): void {
    const most = mostOf(cluster.members.map(placeOf));
    if (most === null) return;
    const [south, west, north, east] = most;
    const apart_px = this.map.project([south, west], NEAREST_ZOOM).distanceTo(this.map.project([north, east], NEAREST_ZOOM));
    if (apart_px < TOLD_APART_PX) this.list.show(words.here(together(cluster.counts)), cluster.members);
    else this.fit(most, NEAREST_ZOOM);
  }

  private fit([south, west, north, east]: readonly [number, number, number, number], maxZoom: number): void {
    this.map.fitBounds(L.latLngBounds([south, west], [north, east]), { padding: [48, 48], maxZoom });
  }

  private chosen(marks: Mark[]): void {
    const job_id = oneJobOf(marks);
    if (job_id !== null) return this.open(job_id);
    const [only, ...others] = marks;
    if (only !== undefined && others.length === 0) this.choose(only);
    else this.list.show(words.here(String(marks.length)), marks);
  }

  /** Opens a thing's job; a pro without one is looked at. */
  private choose(mark: Mark): void {
    const job_id = oneJobOf([mark]);
    if (job_id !== null) this.open(job_id);
    else this.map.setView([placeOf(mark).lat, placeOf(mark).lng], Math.max(this.map.getZoom(), FIRST_ZOOM));
  }

  private inSight(): Mark[] {
    const { pros, jobs, clusters } = this.stage.scene;
    return [...pros, ...jobs, ...clusters.flatMap((cluster) => cluster.members)];
  }
}
