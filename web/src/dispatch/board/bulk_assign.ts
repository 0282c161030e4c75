import { h, refill } from "../../lib/dom.ts";
import { distance } from "../../lib/format.ts";
import { HttpProblem, type Http } from "../../lib/http.ts";
import { inWords } from "../../lib/problems.ts";
import { region } from "../../lib/region.ts";
import type { Card } from "../card.ts";
import { button, field, smallForm } from "../forms.ts";
import { words as common } from "../words.ts";
import { board as words } from "../words/board.ts";
import { pieces, suitedFor, type Candidate, type Suited } from "./suited.ts";

/** What became of one assignment, as `POST /api/dispatch/jobs/assign` says it. */
interface Outcome {
  job_id: string;
  outcome: "assigned" | "unchanged" | "refused";
  code: string | null;
  detail: string | null;
  retry: boolean;
}

/** Jobs of one request: the server takes no more. */
const AT_ONCE = 100;
/** Of so many jobs the suitable pros are asked for; who suits these suits the others about as well. */
const LOOKED_AT = 24;
/** Questions on their way at one time. */
const ASKED_AT_ONCE = 4;

/** Gives several jobs to one pro, and shows for each what became of it. */
export class BulkAssign {
  private readonly http: Http;
  private readonly assigned: (job_ids: readonly string[]) => void;
  private readonly body = h("div", { class: "drawer-body" });
  private readonly title = h("h2", { id: "bulk-title", tabindex: "-1" });
  private readonly dialog: HTMLDialogElement;
  private cards: readonly Card[] = [];
  private outcomes = new Map<string, Outcome>();
  private busy = false;
  private opened = 0;

  /** `assigned` is called with the jobs that have their pro now. */
  constructor(http: Http, assigned: (job_ids: readonly string[]) => void) {
    this.http = http;
    this.assigned = assigned;
    const close = h("button", { class: "button close", type: "button", "aria-label": common.close, click: () => this.close() }, "×");
    this.dialog = h("dialog", { class: "drawer", id: "bulk", "aria-labelledby": "bulk-title" }, h("div", { class: "row" }, this.title, close), this.body);
    this.dialog.addEventListener("cancel", (event) => {
      if (this.busy) event.preventDefault(); // what becomes of the jobs is told first
    });
    document.body.append(this.dialog);
  }

  /** Asks who gets these jobs. */
  async open(cards: readonly Card[]): Promise<void> {
    if (this.busy) return;
    const opened = ++this.opened;
    this.cards = cards;
    this.outcomes = new Map();
    this.title.textContent = words.bulk.title(cards.length);
    this.body.replaceChildren(h("p", { class: "muted", role: "status" }, words.bulk.looking));
    if (!this.dialog.open) this.dialog.showModal();
    try {
      const lists = await this.candidates(cards.slice(0, LOOKED_AT));
      if (opened === this.opened) this.ask(suitedFor(lists), lists.length);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      if (opened === this.opened) this.body.replaceChildren(wrong(common.failed(error.message)), button("bulk-again", words.bulk.again, () => void this.open(cards)));
    }
  }

  private close(): void {
    if (!this.busy) this.dialog.close();
  }

  private async candidates(cards: readonly Card[]): Promise<Candidate[][]> {
    const lists: Candidate[][] = [];
    for (const some of pieces(cards, ASKED_AT_ONCE)) {
      const read = ({ id }: Card): Promise<{ candidates: Candidate[] }> => this.http.get(`api/dispatch/jobs/${encodeURIComponent(id)}/candidates?limit=50`);
      lists.push(...(await Promise.all(some.map(read))).map(({ candidates }) => candidates));
    }
    return lists;
  }

  private ask(pros: Suited[], looked_at: number): void {
    if (pros.length === 0) return this.body.replaceChildren(wrong(words.bulk.nobody));
    const who = h("select", { id: "bulk-pro", required: true }, ...pros.map((pro) => new Option(described(pro, looked_at), pro.id)));
    const taken = this.cards.filter(({ pro }) => pro !== null).length;
    const send = (): void => void this.send(who.value, this.cards.map(({ id }) => id));
    this.body.replaceChildren(
      h("p", { class: "small muted" }, words.bulk.suited(looked_at, this.cards.length)),
      ...(taken === 0 ? [] : [h("p", { class: "notice small" }, words.bulk.taken(taken))]),
      smallForm([field(words.bulk.who, who)], words.bulk.assign(this.cards.length), send, () => this.close()),
    );
    who.focus();
  }

  /** Each job is tried by itself; what had no answer may be tried again without harm. */
  private async send(pro_id: string, ids: readonly string[]): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.body.setAttribute("aria-busy", "true");
    for (const button of this.body.querySelectorAll("button")) button.disabled = true;
    const holders = new Map(this.cards.map(({ id, pro }) => [id, pro?.id])); // as they were when the person decided
    let problem: HttpProblem | null = null;
    try {
      for (const some of pieces(ids, AT_ONCE)) {
        const assignments = some.map((job_id) => ({ job_id, pro_id, holder: holders.get(job_id) ?? null }));
        const { outcomes } = await this.http.post<{ outcomes: Outcome[] }>("api/dispatch/jobs/assign", { assignments });
        for (const outcome of outcomes) this.outcomes.set(outcome.job_id, outcome);
      }
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      problem = error;
    } finally {
      this.busy = false;
      this.body.removeAttribute("aria-busy");
    }
    this.tell(pro_id, problem);
    this.assigned([...this.outcomes.values()].filter(({ outcome }) => outcome !== "refused").map(({ job_id }) => job_id));
  }

  private tell(pro_id: string, problem: HttpProblem | null): void {
    const refused = [...this.outcomes.values()].filter(({ outcome }) => outcome === "refused").length;
    const open = this.cards.filter(({ id }) => this.outcomes.get(id)?.retry ?? !this.outcomes.has(id)).map(({ id }) => id);
    refill(
      this.body,
      problem && wrong(common.failed(problem.message)),
      h("p", { id: "bulk-told", tabindex: "-1" }, words.bulk.told(this.outcomes.size - refused, refused)),
      h("ul", { class: "lines" }, ...this.cards.map((card) => this.line(card))),
      open.length > 0 && button("bulk-retry", words.bulk.retry(open.length), () => void this.send(pro_id, open), true),
      button("bulk-close", common.close, () => this.close()),
    );
    this.body.querySelector<HTMLElement>("#bulk-told")?.focus(); // a screen reader goes on from here
  }

  private line(card: Card): HTMLElement {
    const outcome = this.outcomes.get(card.id);
    const kind = outcome?.outcome ?? "unanswered";
    return h(
      "li",
      { "data-outcome": kind, "data-bulk-job": card.id },
      h("span", { class: "row small" }, h("strong", {}, card.service), h("span", { class: "tag", "data-tone": TONES[kind] }, words.bulk.outcome[kind])),
      h("span", { class: "small muted" }, [card.customer_name, card.address].join(" · ")),
      outcome?.detail && h("span", { class: "small" }, inWords(outcome.code ?? "", outcome.detail)),
    );
  }
}

const TONES = { assigned: "done", unchanged: "planned", refused: "ended", unanswered: "open" } as const;

function described(pro: Suited, looked_at: number): string {
  const facts = [
    looked_at > 1 && words.bulk.can(pro.jobs, looked_at),
    pro.distance_m !== null && words.bulk.away(distance(pro.distance_m, region)),
    words.bulk.load(pro.active_jobs),
    pro.conflicts > 0 && words.bulk.busy,
    !pro.on_duty && words.bulk.offDuty,
  ];
  return [pro.name, ...facts.filter(Boolean)].join(" · ");
}

function wrong(text: string): HTMLElement {
  return h("p", { class: "notice notice-bad small", role: "alert" }, text);
}
