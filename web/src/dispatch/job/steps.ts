import { h, refill } from "../../lib/dom.ts";
import { moment } from "../../lib/format.ts";
import { HttpProblem } from "../../lib/http.ts";
import { ONWARD } from "../../lib/job.ts";
import { region } from "../../lib/region.ts";
import type { Status } from "../../lib/wire.ts";
import { momentField, wholeMinute } from "./edit_fields.ts";
import { EditForm } from "./edit_form.ts";
import { button, field, sentence, smallForm } from "../forms.ts";
import type { JobDetail, JobSource, NextStep } from "./detail.ts";
import { isOnward, offerOf, type Offer } from "./next_steps.ts";
import { told } from "./section.ts";
import { panel as say } from "../words/panel.ts";
import { words } from "../words.ts";

/** Leads to what stands in the way of a step, by the guard's code. */
export type Ways = Readonly<Record<string, () => void>>;
type Refused = Extract<Offer, { kind: "refused" }>;

const HOUR_MS = 3_600_000;
/** After a step the next one is not taken for so long: the second tap of a double tap is not meant for it. */
const SETTLE_MS = 600;

/** Every step that the server allows as a button: those that a guard refuses say why before they are tried. */
export class Steps {
  readonly element: HTMLElement;
  private readonly source: JobSource;
  private readonly ways: Ways;
  private readonly done: () => Promise<void>;
  private readonly list = h("div", { class: "step-list" });
  private readonly question = h("div", { class: "override" });
  private detail: JobDetail | null = null;
  private appointment: EditForm | null = null;
  private busy = false;
  private settling = false;

  /** `done` is called after each attempt, to read what the job is now. */
  constructor(source: JobSource, ways: Ways, done: () => Promise<void>) {
    this.source = source;
    this.ways = ways;
    this.done = done;
    this.element = h("section", { class: "steps-to", tabindex: "-1", "aria-labelledby": "steps-title" }, h("h3", { id: "steps-title", class: "visually-hidden" }, say.steps), this.list, this.question);
  }

  show(detail: JobDetail): void {
    this.detail = detail;
    this.appointment?.look();
    const steps = detail.next.map((step) => ({ step, offer: offerOf(step, detail) }));
    const free = steps.filter(({ offer }) => offer.kind !== "refused").map(({ step, offer }) => this.button(step, offer));
    const refused = steps.flatMap(({ step, offer }) => (offer.kind === "refused" ? [this.refusedRow(step, offer)] : []));
    const { status } = detail.job;
    if (detail.schedulable && !detail.next.some((step) => step.status === "scheduled")) free.push(button("appointment", say.setAppointment, () => this.begin("scheduled", { kind: "schedule" })));
    const row = free.length > 0 && h("div", { class: "actions" }, ...free);
    const blocked = steps.some(({ step, offer }) => offer.kind === "refused" && ONWARD[status] === step.status);
    const over = status === "completed" || status === "paid" || status === "cancelled" ? say.over[status] : null;
    const inside = this.list.contains(document.activeElement);
    refill(
      this.list,
      ...(blocked ? [...refused, row] : [row, ...refused]), // the usual next step comes first
      over !== null && h("p", { class: "small muted" }, over),
    );
    if (this.busy || this.settling) for (const one of this.list.querySelectorAll("button")) one.setAttribute("aria-disabled", "true"); // and keeps the focus
    if (inside && !this.list.contains(document.activeElement)) this.element.focus({ preventScroll: true }); // the step is taken, its button gone
  }

  /** What went wrong, in words. */
  trouble(error: unknown): void {
    if (!(error instanceof HttpProblem)) throw error;
    this.say(told(error));
  }

  /** One sentence of trouble below the buttons; what is being typed stays. */
  say(sentence: string): void {
    this.question.querySelector(":scope > [role=alert]")?.remove();
    this.question.prepend(h("p", { class: "notice notice-bad small", role: "alert" }, sentence));
  }

  private button(step: NextStep, offer: Offer): HTMLButtonElement {
    const main = this.detail !== null && isOnward(step, this.detail.job.status);
    const made = button(`to-${step.status}`, words.move(words.status[step.status]), () => this.begin(step.status, offer), main);
    made.dataset["to"] = step.status;
    return made;
  }

  /** A step that a guard refuses: why, where that can be mended, and the way past it. */
  private refusedRow(step: NextStep, offer: Refused): HTMLElement {
    const made = this.button(step, offer);
    const why = h("p", { class: "small", id: `refused-${step.status}` }, say.refusedNow(offer.reasons.join(" ")));
    made.classList.add("button-refused");
    made.setAttribute("aria-describedby", why.id);
    const links = offer.guards.flatMap((guard) => {
      const way = this.ways[guard];
      return way !== undefined && Object.hasOwn(say.look, guard) ? [button(`look-${guard}`, say.look[guard as keyof typeof say.look], way)] : [];
    });
    return h("div", { class: "refused", "data-refused": step.status }, h("div", { class: "actions" }, made, ...links), why);
  }

  /** A step that needs to know more asks first. */
  private begin(to: Status, offer: Offer): void {
    if (this.settling || this.busy) return;
    switch (offer.kind) {
      case "go":
        return void this.move(to);
      case "assign":
        return this.ways["no_pro"]?.();
      case "schedule":
        return this.askTime();
      case "cancel":
        return this.askWhy();
      case "refused":
        return offer.waivable ? this.askReason(to, offer.reasons.join(" ")) : this.say(say.refusedNow(offer.reasons.join(" ")));
    }
  }

  private move(to: Status, more: { override_reason?: string; notes?: string } = {}): Promise<void> {
    const path = `api/jobs/${encodeURIComponent(this.source.id)}/status`;
    return this.take(() => this.source.http.post(path, { status: to, ...more }), (error) => {
      if (error.code === "guard_refused") this.askReason(to, error.message);
      else this.trouble(error);
    });
  }

  private async take(work: () => Promise<unknown>, refused: (problem: HttpProblem) => void): Promise<void> {
    if (this.busy) return;
    this.setBusy(true);
    try {
      await work();
      this.settle();
      this.ask();
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      refused(error);
    } finally {
      this.setBusy(false);
    }
    await this.done();
  }

  private settle(): void {
    this.settling = true;
    setTimeout(() => {
      this.settling = false;
      for (const one of this.list.querySelectorAll("button")) one.removeAttribute("aria-disabled");
    }, SETTLE_MS);
  }

  private setBusy(busy: boolean): void {
    this.busy = busy;
    if (this.detail !== null) this.show(this.detail);
  }

  /** A guard says no: a dispatcher may go ahead with a written reason. */
  private askReason(to: Status, why: string): void {
    const reason = sentence("reason");
    const send = (): void => void this.move(to, { override_reason: reason.value.trim() });
    this.ask(smallForm([field(words.overrideLabel, reason)], words.override(words.status[to]), send, () => this.ask()));
    this.say(words.refused(why));
    reason.focus();
  }

  private askWhy(): void {
    const notes = sentence("cancel-notes");
    const send = (): void => void this.move("cancelled", { notes: notes.value.trim() });
    this.ask(smallForm([field(words.whyCancelled, notes)], words.cancelJob, send, () => this.ask()));
  }

  /** When: two hours from the next full hour, unless a window is agreed already. */
  private askTime(): void {
    const seen = this.detail;
    if (seen === null) return;
    const tell = (iso: string): string => moment(Date.parse(iso), region);
    const from = momentField("window_start", words.from, tell);
    const until = momentField("window_end", words.until, tell);
    const form = new EditForm(
      {
        source: this.source,
        seen,
        fields: [from, until],
        valuesOf: ({ job }) => ({ window_start: wholeMinute(job.window_start), window_end: wholeMinute(job.window_end) }),
        kinds: ["window_changed", "status"],
        submit: words.schedule,
        adds: true,
        send: (_, version) =>
          this.source.http.post(`api/jobs/${encodeURIComponent(this.source.id)}/schedule`, { window_start: from.get(), window_end: until.get(), version }),
      },
      () => void this.take(() => form.commit(), (error) => this.trouble(error)),
      () => this.ask(),
    );
    if (seen.job.window_start === null) {
      const next_ms = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS;
      from.set(new Date(next_ms).toISOString());
      until.set(new Date(next_ms + 2 * HOUR_MS).toISOString());
    }
    this.ask(form.element);
    this.appointment = form;
  }

  private ask(...questions: Node[]): void {
    const left = questions.length === 0 && this.question.contains(document.activeElement);
    this.appointment = null;
    this.question.replaceChildren(...questions);
    this.question.querySelector<HTMLElement>("input, select, textarea")?.focus();
    if (left) this.list.querySelector<HTMLElement>("button:not(:disabled)")?.focus();
  }
}
