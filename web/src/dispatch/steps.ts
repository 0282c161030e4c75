import { h, refill } from "../lib/dom.ts";
import { distance } from "../lib/format.ts";
import { HttpProblem, type Http } from "../lib/http.ts";
import type { Job } from "../lib/job.ts";
import { region } from "../lib/region.ts";
import type { Status } from "../lib/wire.ts";
import { button, field, sentence, smallForm } from "./forms.ts";
import { words } from "./words.ts";

/** A pro as `GET /api/dispatch/jobs/{id}/candidates` names them, best first (what the page uses of it). */
interface Candidate {
  id: string;
  name: string;
  on_duty: boolean;
  distance_m: number | null;
  active_jobs: number;
  conflicts: number;
}

const HOUR_MS = 3_600_000;

/** Every step that the server allows as a button, with the questions that a step needs answered. */
export class Steps {
  readonly element: HTMLElement;
  private readonly http: Http;
  private readonly done: () => Promise<void>;
  private readonly buttons = h("div", { class: "actions" });
  private readonly question = h("div", { class: "override" });
  private job: Job;
  private busy = false;

  /** `done` is called after each attempt, to read what the job is now. */
  constructor(http: Http, job: Job, done: () => Promise<void>) {
    this.http = http;
    this.job = job;
    this.done = done;
    this.element = h("div", { class: "steps-to" }, this.buttons, this.question);
    this.show(job);
  }

  show(job: Job): void {
    this.job = job;
    const buttons = job.allowed.map((status) => this.button(status));
    for (const one of buttons) one.disabled = this.busy;
    refill(this.buttons, ...buttons);
  }

  /** What went wrong, in the server's words. */
  trouble(error: unknown): void {
    if (!(error instanceof HttpProblem)) throw error;
    this.say(words.failed(error.message));
  }

  /** One sentence of trouble below the buttons. */
  say(sentence: string): void {
    this.question.replaceChildren(h("p", { class: "notice notice-bad small", role: "alert" }, sentence));
  }

  private button(to: Status): HTMLButtonElement {
    const made = button(`to-${to}`, words.move(words.status[to]), () => this.begin(to));
    made.dataset["to"] = to;
    return made;
  }

  /** A step that needs to know more asks first; there is no way back from "cancelled". */
  private begin(to: Status): void {
    if (to === "accepted" && this.job.pro === null) void this.askPro();
    else if (to === "scheduled") this.askTime();
    else if (to === "cancelled") this.askWhy();
    else void this.move(to);
  }

  private move(to: Status, more: { override_reason?: string; notes?: string } = {}): Promise<void> {
    return this.take(() => this.http.post(this.path("status"), { status: to, ...more }), (error) => {
      if (error.code === "guard_refused") this.askReason(to, error.message);
      else this.trouble(error);
    });
  }

  private async take(work: () => Promise<unknown>, refused: (problem: HttpProblem) => void): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.show(this.job);
    try {
      await work();
      this.question.replaceChildren();
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      refused(error);
    } finally {
      this.busy = false;
      this.show(this.job);
    }
    await this.done();
  }

  /** A guard said no: a dispatcher may go ahead with a written reason. */
  private askReason(to: Status, why: string): void {
    const reason = sentence("reason");
    const send = (): void => void this.move(to, { override_reason: reason.value.trim() });
    this.ask(
      h("p", { class: "notice notice-bad small", role: "alert" }, words.refused(why)),
      smallForm([field(words.overrideLabel, reason)], words.override(words.status[to]), send, () => this.ask()),
    );
  }

  private askWhy(): void {
    const notes = sentence("cancel-notes");
    const send = (): void => void this.move("cancelled", { notes: notes.value.trim() });
    this.ask(smallForm([field(words.whyCancelled, notes)], words.cancelJob, send, () => this.ask()));
  }

  /** Who gets the job: the server names the best first. */
  private async askPro(): Promise<void> {
    let pros: Candidate[];
    try {
      pros = (await this.http.get<{ candidates: Candidate[] }>(this.path("candidates", "dispatch/"))).candidates;
    } catch (error) {
      return this.trouble(error);
    }
    if (pros.length === 0) return this.say(words.nobody);
    const who = h("select", { id: "assign-to", required: true }, ...pros.map((pro) => new Option(describe(pro), pro.id)));
    const send = (): void =>
      void this.take(() => this.http.post(this.path("assign", "dispatch/"), { pro_id: who.value }), (error) => this.trouble(error));
    this.ask(smallForm([field(words.assignTo, who)], words.assign, send, () => this.ask()));
  }

  /** When: two hours from the next full hour, unless a window is agreed already. */
  private askTime(): void {
    const next_ms = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS;
    const from = when("window-start", this.job.window_start ?? new Date(next_ms).toISOString());
    const until = when("window-end", this.job.window_end ?? new Date(next_ms + 2 * HOUR_MS).toISOString());
    const send = (): void => {
      const window_start = new Date(from.value).toISOString();
      const window_end = new Date(until.value).toISOString();
      void this.take(() => this.http.post(this.path("schedule"), { window_start, window_end }), (error) => this.trouble(error));
    };
    this.ask(smallForm([field(words.from, from), field(words.until, until)], words.schedule, send, () => this.ask()));
  }

  private ask(...questions: Node[]): void {
    this.question.replaceChildren(...questions);
    this.question.querySelector<HTMLElement>("input, select, textarea")?.focus();
  }

  private path(what: string, where = ""): string {
    return `api/${where}jobs/${encodeURIComponent(this.job.id)}/${what}`;
  }
}

function describe(pro: Candidate): string {
  const away = pro.distance_m === null ? null : words.candidate.away(distance(pro.distance_m, region));
  const facts = [
    away,
    words.candidate.jobs(pro.active_jobs),
    pro.conflicts > 0 && words.candidate.conflict,
    !pro.on_duty && words.candidate.offDuty,
  ];
  return [pro.name, ...facts.filter(Boolean)].join(" · ");
}

/** A local date and time, on the device's clock. */
function when(id: string, iso: string): HTMLInputElement {
  const at = new Date(iso);
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  return h("input", { id, type: "datetime-local", required: true, value: local });
}
