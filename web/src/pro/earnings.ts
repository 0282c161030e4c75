import { serverNow } from "../lib/clock.ts";
import { byId, h, refill } from "../lib/dom.ts";
import { moment, money } from "../lib/format.ts";
import { HttpProblem, type Http } from "../lib/http.ts";
import { region } from "../lib/region.ts";
import { plainly } from "./plain.ts";
import { words } from "./words.ts";

/** `GET /api/me/statement`; positive cents are owed to the pro. */
interface Statement {
  currency: string;
  opening_cents: number;
  closing_cents: number;
  lines: { posted_at: string; kind: string; service: string | null; memo: string; amount_cents: number; balance_cents: number }[];
}

const DAY_MS = 86_400_000;

/** What the pro has earned, what was paid out, and every posting between. */
export class Earnings {
  private readonly http: Http;
  private readonly period: HTMLSelectElement;
  private readonly body = h("div", { class: "stack" });
  private asked = 0;

  constructor(http: Http) {
    this.http = http;
    const options = Object.entries(words.earnings.periods).map(([days, label]) => h("option", { value: days }, label));
    this.period = h("select", { id: "period", class: "select" }, ...options);
    this.period.addEventListener("change", () => void this.refresh());
    const label = h("label", { for: "period", class: "visually-hidden" }, words.earnings.period);
    byId("earnings").append(label, this.period, this.body);
  }

  async refresh(): Promise<void> {
    const turn = ++this.asked; // a slow answer for another period must not overwrite this one
    const end_ms = serverNow();
    const iso = (ms: number): string => new Date(ms).toISOString();
    const query = new URLSearchParams({ from: iso(end_ms - Number(this.period.value) * DAY_MS), to: iso(end_ms) }).toString();
    try {
      const statement = await this.http.get<Statement>(`api/me/statement?${query}`);
      if (turn === this.asked) this.draw(statement);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      if (turn === this.asked) refill(this.body, h("p", { class: "notice", role: "status" }, words.notDone(plainly(error))));
    }
  }

  private draw({ currency, opening_cents, closing_cents, lines }: Statement): void {
    const said = (cents: number): string => money(cents, region, currency);
    const title = closing_cents > 0 ? words.earnings.owed : closing_cents < 0 ? words.earnings.youOwe : words.earnings.settled;
    const balance = h("div", { class: "panel balance" }, h("p", { class: "muted" }, title), h("p", { class: "amount" }, said(Math.abs(closing_cents))));
    const rows = [...lines].reverse().map((line) =>
      h(
        "li",
        {},
        h("div", { class: "row" }, h("strong", {}, entryOf(line.kind)), h("span", { class: "price", "data-cents": String(line.amount_cents) }, said(line.amount_cents))),
        (line.service ?? line.memo) !== "" && h("p", {}, line.service ?? line.memo),
        h("p", { class: "small muted" }, `${moment(Date.parse(line.posted_at), region)} · ${words.earnings.balance(said(line.balance_cents))}`),
      ),
    );
    const before = h("li", {}, h("div", { class: "row muted" }, h("span", {}, words.earnings.before), h("span", {}, said(opening_cents))));
    const none = h("p", { class: "empty" }, words.earnings.none);
    refill(this.body, balance, rows.length === 0 ? none : h("ul", { class: "lines" }, ...rows, before));
  }
}

/** A kind that a newer server says is shown plainly. */
function entryOf(kind: string): string {
  const { entry } = words.earnings;
  return Object.hasOwn(entry, kind) ? (entry[kind] ?? kind) : kind.replaceAll("_", " ");
}
