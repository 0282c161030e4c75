import { serverNow } from "../../lib/clock.ts";
import { h, setText, show } from "../../lib/dom.ts";
import { ago, moment } from "../../lib/format.ts";
import { HttpProblem } from "../../lib/http.ts";
import { region } from "../../lib/region.ts";
import { button, field, sentence } from "../forms.ts";
import type { Desk } from "../nav.ts";
import { nav } from "../words/nav.ts";
import { outbox as words } from "../words/outbox.ts";
import { worded } from "../words/worded.ts";
import type { Frame } from "./frame.ts";
import type { DeadLetter } from "./outbox_wire.ts";
import { ask } from "./question.ts";
import { Selection } from "./selection.ts";

/** Effects that were given up: one or many are tried again, or let go for a reason. */
export class DeadLetters {
  private readonly desk: Desk;
  private readonly frame: Frame;
  private readonly changed: () => void;
  private readonly selection = new Selection(() => this.count());
  private readonly selected = h("span", { class: "small", role: "status" });
  private readonly bulk = h("div", { class: "bulk", hidden: true });
  private readonly all = h("input", { type: "checkbox", "data-key": "all" });
  /** Why the last press did not help, by effect. */
  private readonly refusals = new Map<number, string>();
  private letters: DeadLetter[] = [];

  /** `changed` is called when what was read is not so any more. */
  constructor(desk: Desk, frame: Frame, changed: () => void) {
    this.desk = desk;
    this.frame = frame;
    this.changed = changed;
    this.all.addEventListener("change", () => this.selectAll(this.all.checked));
    this.bulk.append(
      this.selected,
      button("retry-all", words.retry, () => void this.retry(this.selection.numbers), true),
      button("discard-all", words.discard, () => this.discard(this.selection.numbers)),
    );
  }

  /** The section; `more` reads on when there are more than these. */
  draw(letters: DeadLetter[], more: (() => void) | null): HTMLElement {
    this.letters = letters;
    const rows = letters.map((letter) => this.row(letter));
    this.selection.keepOnly(new Set(letters.map(({ id }) => id)));
    const title = h("h2", { id: "dead-title" }, words.dead);
    if (rows.length === 0) return h("section", { class: "card", "aria-labelledby": "dead-title" }, title, h("p", { class: "nothing" }, words.noDead));
    return h(
      "section",
      { class: "card", "aria-labelledby": "dead-title" },
      title,
      h("p", { class: "small muted" }, words.deadMeaning),
      h("label", { class: "select-all" }, this.all, words.selectAll),
      h("ul", { class: "rows" }, ...rows),
      more && h("p", {}, button("more-dead", nav.more, more)),
      this.bulk,
    );
  }

  private row(letter: DeadLetter): HTMLElement {
    const { id, effect, job_id, subject } = letter;
    const name = worded(words.effect, effect);
    const box = h("input", { type: "checkbox", "data-key": `select-${id}`, "aria-label": words.select(`${name} ${id}`) });
    box.checked = this.selection.has(id);
    box.addEventListener("change", () => this.selection.set([id], box.checked));
    const died_ms = Date.parse(letter.dead_at);
    const facts = [words.tries(letter.attempts), words.since(ago(died_ms, serverNow(), region)), subject !== null && words.about(subject), letter.retried_by !== null && words.triedBy(letter.retried_by)];
    const refusal = this.refusals.get(id);
    return h(
      "li",
      { class: "dead", "data-dead": String(id) },
      h("label", { class: "pick" }, box),
      h(
        "div",
        { class: "row-text" },
        h("p", {}, h("strong", {}, name), " ", h("code", { class: "small muted" }, effect)),
        h("p", { class: "said reason" }, letter.reason ?? words.noReason),
        h("p", { class: "small muted", title: moment(died_ms, region) }, facts.filter(Boolean).join(" · ")),
        refusal !== undefined && h("p", { class: "small problem" }, refusal),
      ),
      h(
        "div",
        { class: "actions" },
        job_id !== null && button(`job-${id}`, words.job, () => this.desk.openJob(job_id)),
        button(`retry-${id}`, words.retry, () => void this.retry([id])),
        button(`discard-${id}`, words.discard, () => this.discard([id])),
      ),
    );
  }

  private async retry(numbers: number[]): Promise<void> {
    const once = (id: number): Promise<unknown> => this.desk.http.post(`api/dispatch/outbox/${id}/retry`, undefined);
    await this.frame.act(() => this.each(numbers, once, words.retried));
  }

  private discard(numbers: number[]): void {
    const reason = sentence("discard-reason", 3, 300);
    ask({
      title: words.discardTitle(numbers.length),
      content: [h("p", { class: "small" }, words.discardMeaning), field(words.why, reason)],
      submit: words.discardOne,
      send: async () => {
        const body = { reason: reason.value.trim() };
        await this.each(numbers, (id) => this.desk.http.post(`api/dispatch/outbox/${id}/discard`, body), words.gone);
        return null;
      },
    });
  }

  /** One after the other; what is refused says so in its row, and a network that is gone ends it. */
  private async each(numbers: number[], once: (id: number) => Promise<unknown>, told: (count: number) => string): Promise<void> {
    let done = 0;
    let refused = 0;
    try {
      for (const id of numbers) {
        this.refusals.delete(id);
        try {
          await once(id);
          done += 1;
        } catch (error) {
          if (!(error instanceof HttpProblem) || error.status === 0 || error.status === 401) throw error;
          this.refusals.set(id, error.message);
          refused += 1;
        }
      }
    } finally {
      const said = [done > 0 && told(done), refused > 0 && words.refused(refused)].filter(Boolean).join(" ");
      if (said !== "") this.frame.say(said, refused > 0 ? "bad" : "good");
      this.frame.redraw();
      this.changed();
    }
  }

  private selectAll(selected: boolean): void {
    this.selection.set(this.letters.map(({ id }) => id), selected);
    for (const { id } of this.letters) {
      const box = this.frame.element.querySelector<HTMLInputElement>(`[data-key="select-${id}"]`);
      if (box) box.checked = selected;
    }
  }

  private count(): void {
    const { size } = this.selection;
    setText(this.selected, words.selected(size));
    show(this.bulk, size > 0);
    this.all.checked = size > 0 && size === this.letters.length;
    this.all.indeterminate = size > 0 && size < this.letters.length;
  }
}
