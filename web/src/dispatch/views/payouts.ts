import { h, refill, show } from "../../lib/dom.ts";
import { money } from "../../lib/format.ts";
import { region } from "../../lib/region.ts";
import { saveFile } from "../../lib/save_file.ts";
import { onAddress, said } from "../address.ts";
import { button, field } from "../forms.ts";
import type { Desk, View } from "../nav.ts";
import { sandboxLabel } from "../sandbox_label.ts";
import { nav } from "../words/nav.ts";
import { payouts as words } from "../words/payouts.ts";
import { Frame } from "./frame.ts";
import { PayoutFilter } from "./payout_filter.ts";
import { PayoutLines } from "./payout_lines.ts";
import { askToPay } from "./payout_run.ts";
import { planOf, totals } from "./payout_rules.ts";
import { StatementView } from "./payout_statement.ts";
import { transferList } from "./payout_transfers.ts";
import { HEAPS, type Due, type DuePro, type Line, type LinePage, type Transfer, type TransferPage } from "./payouts_wire.ts";
import { ask } from "./question.ts";

const PAGE = 100;
/** While money is on its way the page looks again this often, so many times after each press. */
const LOOK_AGAIN_MS = 2_000;
const LOOKS = 15;

type Tab = keyof typeof words.tab;

interface Shown {
  due: Due;
  lines: Line[];
  transfers: Transfer[];
  more: boolean;
  tab: Tab;
  usual: boolean;
}

/** What pros are owed and how they are paid; a pro in the address shows that pro's statement instead. */
export class Payouts implements View {
  readonly element = h("div", {});
  private readonly desk: Desk;
  private readonly frame: Frame;
  private readonly filter: PayoutFilter;
  private readonly lines: PayoutLines;
  private readonly overview = h("div", { class: "overview" });
  private readonly list = h("div", { class: "list" });
  private readonly run = h("div", {});
  private readonly csv = button("csv", words.csv, () => void this.save());
  private readonly tabs: HTMLInputElement[];
  private readonly choice: HTMLElement;
  private statement: StatementView | null = null;
  private tab: Tab = "lines";
  private pages = 1;
  private looks = 0;

  constructor(desk: Desk) {
    this.desk = desk;
    this.frame = new Frame("payouts", nav.payouts, desk);
    this.frame.tools.append(this.csv, this.run);
    this.lines = new PayoutLines(desk, this.frame, () => this.follow());
    this.filter = new PayoutFilter(() => this.choose());
    this.tabs = (["lines", "transfers"] as const).map((tab) => this.tabChoice(tab));
    this.choice = h(
      "fieldset",
      { class: "segments" },
      h("legend", { class: "visually-hidden" }, words.tabs),
      ...this.tabs.map((input) => h("label", {}, input, h("span", {}, words.tab[input.value as Tab]))),
    );
    void this.knowPros();
    onAddress(() => this.turn());
    this.turn();
  }

  refresh(): void {
    if (this.statement !== null) return this.statement.refresh();
    void this.frame.read(
      () => this.read(),
      (shown) => this.draw(shown),
    );
  }

  /** The page, or one pro's statement: the address says which. */
  private turn(): void {
    const pro_id = said("page") === "payouts" ? said("pro") : null;
    if (this.element.childElementCount > 0 && pro_id === (this.statement?.pro_id ?? null)) return;
    this.statement = pro_id === null ? null : new StatementView(this.desk, pro_id);
    refill(this.element, this.statement?.element ?? this.frame.element);
    if (said("page") === "payouts") this.refresh();
    this.element.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
  }

  private tabChoice(tab: Tab): HTMLInputElement {
    const input = h("input", { type: "radio", name: "payout-tab", value: tab, "data-key": `tab-${tab}`, ...(tab === this.tab ? { checked: true } : {}) });
    input.addEventListener("change", () => {
      this.tab = tab;
      this.choose();
    });
    return input;
  }

  /** Something else is to be listed. */
  private choose(): void {
    this.pages = 1;
    this.frame.say(null);
    this.refresh();
  }

  /** Something was changed: the page follows until nothing is on its way, or for a while. */
  private follow(): void {
    this.looks = LOOKS;
    this.frame.redraw();
    this.refresh();
  }

  private async read(): Promise<Shown> {
    const due = await this.desk.http.get<Due>("api/dispatch/payouts/due");
    const { tab } = this;
    const lines: Line[] = [];
    const transfers: Transfer[] = [];
    let next: string | null = null;
    for (let page = 0; page < this.pages; page++) {
      const query = new URLSearchParams({ limit: String(PAGE), ...(tab === "lines" ? this.filter.query : this.ofPro()), ...(next !== null && { cursor: next }) });
      next = tab === "lines" ? await this.readLines(query, lines) : await this.readTransfers(query, transfers);
      if (next === null) break;
    }
    if (due.pros.some(({ sending }) => sending.lines > 0) && this.looks-- > 0) setTimeout(() => this.refresh(), LOOK_AGAIN_MS);
    return { due, lines, transfers, more: next !== null, tab, usual: this.filter.isUsual };
  }

  private ofPro(): Record<string, string> {
    const { pro_id } = this.filter.query;
    return pro_id === undefined ? {} : { pro_id };
  }

  private async readLines(query: URLSearchParams, into: Line[]): Promise<string | null> {
    const page = await this.desk.http.get<LinePage>(`api/dispatch/payouts?${query.toString()}`);
    into.push(...page.payouts);
    return page.next;
  }

  private async readTransfers(query: URLSearchParams, into: Transfer[]): Promise<string | null> {
    const page = await this.desk.http.get<TransferPage>(`api/dispatch/transfers?${query.toString()}`);
    into.push(...page.transfers);
    return page.next;
  }

  private draw(shown: Shown): (Node | null)[] | null {
    const { due, lines, transfers } = shown;
    this.filter.know([...due.pros.map(({ pro_id, name }) => ({ id: pro_id, name })), ...lines.map(({ pro_id, pro_name }) => ({ id: pro_id, name: pro_name }))]);
    this.filter.narrow(shown.tab === "transfers");
    show(this.csv, shown.tab === "lines" && lines.length > 0);
    refill(this.run, this.payButton(due));
    refill(this.overview, tiles(due), ...due.pros.filter(({ outcome }) => outcome === "no_account").map((pro) => this.homeless(pro)));
    const readOn = shown.more ? (): void => this.readOn() : null;
    if (shown.tab === "transfers") refill(this.list, ...transferList(this.desk, this.frame, transfers, readOn, () => this.follow()));
    else if (lines.length === 0) refill(this.list, this.nothing(shown.usual));
    else refill(this.list, ...this.lines.draw(lines, due.currency, readOn));
    return this.list.isConnected ? null : [this.overview, this.choice, this.filter.element, this.list];
  }

  /** What is listed, all of it, as a file. */
  private async save(): Promise<void> {
    await this.frame.act(async () => {
      const query = new URLSearchParams({ ...this.filter.query, format: "csv" });
      saveFile(await this.desk.http.file(`api/dispatch/payouts?${query.toString()}`), "payouts.csv");
    });
  }

  private readOn(): void {
    this.pages += 1;
    this.refresh();
  }

  private payButton(due: Due): HTMLElement {
    const plan = planOf(due.pros);
    const amount = money(plan.cents, region, due.currency);
    const pay = button("run", plan.cents > 0 ? words.run(amount) : words.runNone, () => askToPay(this.desk, due, plan, () => this.follow()), true);
    pay.disabled = plan.paid.length === 0;
    return h("div", { class: "row" }, sandboxLabel(due.provider), pay);
  }

  /** A pro whose money has nowhere to go, and what to do about it. */
  private homeless({ pro_id, name }: DuePro): HTMLElement {
    const askAccount = (): void => {
      const account = h("input", { id: "payout-account", required: true, pattern: "acct_[A-Za-z0-9_]{1,100}", placeholder: "acct_…", autocomplete: "off" });
      ask({
        title: words.accountTitle(name),
        content: [h("p", { class: "small" }, words.accountMeaning), field(words.account, account)],
        submit: words.saveAccount,
        send: async () => {
          await this.desk.http.put(`api/dispatch/people/${encodeURIComponent(pro_id)}/payout-account`, { account: account.value });
          this.frame.say(words.accountSaved(name));
          return null;
        },
        done: () => this.follow(),
      });
    };
    return h(
      "div",
      { class: "notice homeless", "data-homeless": pro_id },
      h("p", {}, words.noAccount(name)),
      h("p", { class: "small" }, words.noAccountHelp),
      h("p", {}, button(`account-${pro_id}`, words.setAccount, askAccount)),
    );
  }

  private nothing(usual: boolean): HTMLElement {
    const clear = (): void => {
      this.filter.clear();
      this.choose();
    };
    return h("div", { class: "card nothing" }, h("p", {}, usual ? words.none : words.noneFiltered), usual ? null : h("p", {}, button("clear", words.clearFilters, clear)));
  }

  /** Every pro may be filtered by, also who is owed nothing. */
  private async knowPros(): Promise<void> {
    await this.frame.act(async () => {
      const { pros } = await this.desk.http.get<{ pros: { id: string; name: string }[] }>("api/dispatch/pros");
      this.filter.know(pros);
    });
  }
}

/** What is owed now, by what it waits for; what there is none of is left out, but for the first two. */
function tiles(due: Due): HTMLElement {
  const sums = totals(due.pros);
  const shown = HEAPS.filter((name) => sums[name].lines > 0 || name === "pending" || name === "due");
  const tile = (name: (typeof HEAPS)[number]): HTMLElement =>
    h(
      "li",
      { class: "tile", "data-heap": name },
      h("h2", { class: "small muted" }, words.heap[name]),
      h("p", { class: "tile-value" }, money(sums[name].cents, region, due.currency)),
      h("p", { class: "small muted" }, words.lines(sums[name].lines)),
    );
  return h("ul", { class: "tiles", "aria-label": words.totals }, ...shown.map(tile));
}
