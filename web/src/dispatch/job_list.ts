import { byId, h, show } from "../lib/dom.ts";
import { timeWindow } from "../lib/format.ts";
import { HttpProblem, type Http } from "../lib/http.ts";
import type { Job, JobPage } from "../lib/job.ts";
import { region } from "../lib/region.ts";
import type { Status } from "../lib/wire.ts";
import { toneOf, words } from "./words.ts";

const PAGE = 50;
const ACTIVE: Status[] = ["en_route", "arrived", "in_progress", "accepted", "scheduled", "open", "pending", "pending_scheduling"];

/** The jobs, filtered by status, newest first. */
export class JobList {
  private readonly http: Http;
  private readonly open: (job: Job) => void;
  private readonly trouble: (problem: HttpProblem) => void;
  private readonly list = byId("jobs");
  private readonly filter = byId<HTMLSelectElement>("filter");
  private readonly more = byId<HTMLButtonElement>("more");
  private jobs: Job[] = [];
  private next: string | null = null;
  private chosen: string | null = null;

  constructor(http: Http, open: (job: Job) => void, trouble: (problem: HttpProblem) => void) {
    this.http = http;
    this.open = open;
    this.trouble = trouble;
    this.filter.append(
      new Option(words.active, ACTIVE.join(",")),
      new Option(words.all, ""),
      ...Object.entries(words.status).map(([status, text]) => new Option(text, status)),
    );
    this.filter.addEventListener("change", () => void this.refresh());
    this.more.textContent = words.more;
    this.more.addEventListener("click", () => void this.read(this.next));
  }

  /** Reads the list from its beginning. */
  refresh(): Promise<void> {
    return this.read(null);
  }

  /** Marks the job that is shown beside the list. */
  choose(id: string | null): void {
    this.chosen = id;
    this.render();
  }

  find(id: string): Job | null {
    return this.jobs.find((job) => job.id === id) ?? null;
  }

  private async read(cursor: string | null): Promise<void> {
    const query = new URLSearchParams({ limit: String(PAGE) });
    const filter = this.filter.value;
    if (filter !== "") query.set("status", filter);
    if (cursor !== null) query.set("cursor", cursor);
    try {
      const page = await this.http.get<JobPage>(`api/dispatch/jobs?${query.toString()}`);
      if (filter !== this.filter.value) return; // a later choice is already being read
      this.jobs = cursor === null ? page.jobs : [...this.jobs, ...page.jobs];
      this.next = page.next;
      this.render();
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      this.trouble(error);
    }
  }

  private render(): void {
    const focused = document.activeElement?.getAttribute("data-job");
    const rows = this.jobs.map((job) => this.row(job));
    this.list.replaceChildren(...(rows.length > 0 ? rows : [h("li", { class: "muted" }, words.noJobs)]));
    if (focused) this.list.querySelector<HTMLElement>(`[data-job="${CSS.escape(focused)}"]`)?.focus();
    show(this.more, this.next !== null);
  }

  private row(job: Job): HTMLLIElement {
    const who = `${job.customer?.name ?? ""} · ${job.pro?.name ?? words.noPro}`;
    const button = h(
      "button",
      { type: "button", "data-job": job.id, "aria-current": job.id === this.chosen ? "true" : "false", click: () => this.open(job) },
      h("span", { class: "row" }, h("strong", {}, job.service), tag(job.status)),
      h("span", { class: "small" }, job.address),
      h("span", { class: "small muted" }, who),
      agreed(job),
    );
    return h("li", {}, button);
  }
}

/** A status as a coloured word. */
export function tag(status: Status): HTMLElement {
  return h("span", { class: "tag", "data-tone": toneOf(status) }, words.status[status]);
}

function agreed(job: Job): HTMLElement | null {
  if (job.window_start === null || job.window_end === null) return null;
  const text = timeWindow(Date.parse(job.window_start), Date.parse(job.window_end), Date.now(), region);
  return h("span", { class: "small muted" }, text);
}
