import { serverNow } from "../../lib/clock.ts";
import { h } from "../../lib/dom.ts";
import { ago } from "../../lib/format.ts";
import { region } from "../../lib/region.ts";
import { button } from "../forms.ts";
import type { Desk, View } from "../nav.ts";
import { nav } from "../words/nav.ts";
import { outbox as words } from "../words/outbox.ts";
import { worded } from "../words/worded.ts";
import { DeadLetters } from "./dead_letters.ts";
import { Frame } from "./frame.ts";
import type { Backlog, DeadLetter, DeadPage } from "./outbox_wire.ts";

const PAGE = 50;
/** An effect that is due for longer than this is late: a worker begins within a second. */
const LATE_MS = 60_000;

interface Shown {
  kinds: Backlog[];
  dead: DeadLetter[];
  more: boolean;
  /** Ages are said in minutes: with each, what is shown is drawn anew. */
  minute: number;
}

/** What waits to be carried out, what was given up, and where what went to the sandbox is listed. */
export class Outbox implements View {
  readonly element: HTMLElement;
  private readonly desk: Desk;
  private readonly frame: Frame;
  private readonly dead: DeadLetters;
  private pages = 1;

  constructor(desk: Desk) {
    this.desk = desk;
    this.frame = new Frame("outbox", nav.outbox, desk);
    this.element = this.frame.element;
    this.dead = new DeadLetters(desk, this.frame, () => this.refresh());
  }

  refresh(): void {
    void this.frame.read(
      () => this.read(),
      (shown) => [
        h("p", { class: "muted" }, words.meaning),
        this.dead.draw(shown.dead, shown.more ? () => this.readOn() : null),
        waits(shown.kinds),
        this.sandbox(),
      ],
    );
  }

  private readOn(): void {
    this.pages += 1;
    this.refresh();
  }

  private async read(): Promise<Shown> {
    const { kinds } = await this.desk.http.get<{ kinds: Backlog[] }>("api/dispatch/outbox");
    const dead: DeadLetter[] = [];
    let next: string | null = null;
    for (let page = 0; page < this.pages; page++) {
      const query = new URLSearchParams({ limit: String(PAGE), ...(next === null ? {} : { cursor: next }) });
      const answer: DeadPage = await this.desk.http.get<DeadPage>(`api/dispatch/outbox/dead?${query.toString()}`);
      dead.push(...answer.dead);
      next = answer.next;
      if (next === null) break;
    }
    return { kinds, dead, more: next !== null, minute: Math.floor(serverNow() / 60_000) };
  }

  private sandbox(): HTMLElement {
    return h(
      "section",
      { class: "card" },
      h("h2", {}, words.sandbox),
      h("p", { class: "small muted" }, words.sandboxMeaning),
      h("p", {}, button("open-sandbox", words.openSandbox, () => this.desk.openSandbox())),
    );
  }
}

function waits(kinds: Backlog[]): HTMLElement {
  const rows = kinds.filter(({ waiting }) => waiting > 0).map(waitingRow);
  const head = [words.kind, words.waiting, words.failing, words.late].map((label) => h("th", { scope: "col" }, label));
  const table = h("table", { class: "figures" }, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows));
  return h(
    "section",
    { class: "card", "aria-labelledby": "waits-title" },
    h("h2", { id: "waits-title" }, words.waits),
    h("p", { class: "small muted" }, words.waitsMeaning),
    rows.length === 0 ? h("p", { class: "nothing" }, words.nothingWaits) : h("div", { class: "wide", tabindex: "0", role: "group", "aria-labelledby": "waits-title" }, table),
  );
}

function waitingRow({ effect, waiting, failing, oldest }: Backlog): HTMLElement {
  const due_ms = oldest === null ? null : Date.parse(oldest);
  const late = due_ms !== null && serverNow() - due_ms > LATE_MS;
  return h(
    "tr",
    { "data-waits": effect },
    h("th", { scope: "row" }, worded(words.effect, effect)),
    h("td", {}, String(waiting)),
    h("td", { class: failing > 0 ? "problem" : "" }, String(failing)),
    h("td", { class: late ? "problem" : "" }, due_ms === null ? words.onTime : ago(due_ms, serverNow(), region)),
  );
}
