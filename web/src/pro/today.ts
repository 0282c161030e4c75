import { serverNow } from "../lib/clock.ts";
import { byId, h, refill, setText } from "../lib/dom.ts";
import { ago } from "../lib/format.ts";
import type { Http } from "../lib/http.ts";
import type { Job, JobPage } from "../lib/job.ts";
import { freshKey } from "../lib/random.ts";
import { region } from "../lib/region.ts";
import type { Place, Status } from "../lib/wire.ts";
import type { Errand, Errands, Shows, Spot } from "./errands.ts";
import type { Evidence } from "./evidence.ts";
import { jobCard } from "./job_card.ts";
import { after, inOrder, isOffTheList, isUnderWay, withTaps } from "./step_rules.ts";
import type { Store } from "./store.ts";
import { words } from "./words.ts";

/** After a tap the next step is not taken for so long: the second tap of a double tap is not meant for it. */
const SETTLE_MS = 1_200;
/** What is shown is said to be old from here. */
const OLD_MS = 90_000;

interface Known {
  jobs: Job[];
  /** Epoch milliseconds of the server's clock; 0: never. */
  at_ms: number;
}

export interface TodayHandlers {
  /** There is a new errand to carry out. */
  added(): void;
  /** The pro sets off: from now on a customer waits to see them. */
  setOff(): void;
  /** Show the open jobs. */
  find(): void;
  /** In a demo: draws a photo for who has no work to show. */
  samplePhoto(): ((shows: Shows) => Promise<File>) | null;
}

/** The pro's own jobs, from the last answer of the server and what was tapped since. */
export class Today {
  private readonly http: Http;
  private readonly store: Store;
  private readonly errands: Errands;
  private readonly evidence: Evidence;
  private readonly spot: () => Spot | null;
  private readonly on: TodayHandlers;
  private known: Known = { jobs: [], at_ms: 0 };
  private readonly tapped_ms = new Map<string, number>();
  private suggested = new Set<string>();
  private drawing = false;
  private shown = "";

  constructor(http: Http, store: Store, errands: Errands, evidence: Evidence, spot: () => Spot | null, on: TodayHandlers) {
    this.http = http;
    this.store = store;
    this.errands = errands;
    this.evidence = evidence;
    this.spot = spot;
    this.on = on;
  }

  get jobs(): Job[] {
    const jobs = this.known.jobs.map((job) => withTaps(job, this.errands.all));
    return inOrder(jobs.filter((job) => !isOffTheList(job)));
  }

  /** Where the next job is. */
  get place(): Place | null {
    return this.jobs[0] ?? null;
  }

  get isUnderWay(): boolean {
    return this.jobs.some(isUnderWay);
  }

  /** What was known when the page was last open: enough to go on without a network. */
  async restore(): Promise<void> {
    const known = await this.store.note<Known>("jobs");
    if (known !== null && this.known.at_ms === 0) this.known = known;
    this.render();
  }

  /** @throws HttpProblem */
  async refresh(): Promise<void> {
    const { jobs } = await this.http.get<JobPage>("api/me/jobs");
    // An answer may be older than what a step has told us since.
    const newer = (job: Job): Job => {
      const before = this.known.jobs.find(({ id }) => id === job.id);
      return before !== undefined && before.version > job.version ? before : job;
    };
    this.known = { jobs: jobs.map(newer), at_ms: serverNow() };
    void this.store.takeNote("jobs", this.known);
    this.render();
    void this.evidence.read(this.jobs);
  }

  /** The server has done what was tapped: until it is asked again, that is how the job is. */
  done(errand: Errand, version: number | null): void {
    if (errand.kind !== "step") return;
    this.known.jobs = this.known.jobs.map((job) => {
      return job.id === errand.job_id ? { ...after(job, errand.to), version: version ?? job.version } : job;
    });
    this.render();
  }

  suggestArrival(job_id: string): void {
    this.suggested.add(job_id);
    this.render();
  }

  render(): void {
    const { jobs } = this;
    const old = this.known.at_ms > 0 && serverNow() - this.known.at_ms > OLD_MS;
    setText(byId("today-age"), old ? words.asOf(ago(this.known.at_ms, serverNow(), region)) : "");
    const settling = jobs.map(({ id }) => this.isSettling(id));
    const pieces = jobs.map(({ id }) => [this.evidence.of(id), this.errands.of(id).map(({ key }) => key)]);
    const draw = this.on.samplePhoto();
    const state = JSON.stringify([jobs, settling, pieces, [...this.suggested], this.evidence.busy, draw !== null]);
    if (state === this.shown) return; // nothing that is being read or touched moves without need
    this.shown = state;
    const cards = jobs.map((job, index) =>
      jobCard(job, {
        first: index === 0,
        settling: settling[index] === true,
        suggested: this.suggested.has(job.id) && job.status === "en_route",
        waiting: this.errands.of(job.id),
        pieces: this.evidence.of(job.id),
        preparing: this.evidence.busy === job.id,
        move: (to) => void this.move(job, to),
        addPhoto: (shows, files) => void this.evidence.addPhotos(job, shows, files),
        addSample: draw === null ? null : (shows) => void this.addSample(job, shows, draw),
        sign: () => this.evidence.sign(job),
      }),
    );
    refill(byId("jobs"), ...(cards.length > 0 ? cards : [this.nothing()]));
  }

  private nothing(): HTMLElement {
    const find = h("button", { class: "button", type: "button", click: () => this.on.find() }, words.findJobs);
    return h("li", { class: "empty" }, h("p", {}, words.noJobs), find);
  }

  private async addSample(job: Job, shows: Shows, draw: (shows: Shows) => Promise<File>): Promise<void> {
    if (this.drawing) return;
    this.drawing = true;
    try {
      await this.evidence.addPhotos(job, shows, [await draw(shows)]);
    } finally {
      this.drawing = false;
    }
  }

  private isSettling(job_id: string): boolean {
    return Date.now() - (this.tapped_ms.get(job_id) ?? 0) < SETTLE_MS;
  }

  private async move(job: Job, to: Status): Promise<void> {
    if (this.isSettling(job.id)) return;
    if ((to === "open" || to === "cancelled") && !confirm(words.sure[to])) return;
    this.tapped_ms.set(job.id, Date.now());
    setTimeout(() => this.render(), SETTLE_MS + 20);
    const { id: job_id, service } = job;
    const added = this.errands.add({ kind: "step", key: freshKey(), job_id, service, to, at_ms: Date.now(), spot: this.spot() });
    if (to === "en_route") this.on.setOff();
    this.render();
    await added;
    this.on.added();
  }
}
