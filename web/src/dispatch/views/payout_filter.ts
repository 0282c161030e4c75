import { h, show } from "../../lib/dom.ts";
import { field } from "../forms.ts";
import { payouts as words } from "../words/payouts.ts";
import { periodOf } from "./payout_rules.ts";

const USUAL = "unpaid";

/** Which lines are listed: by what they wait for, whose they are, and since when they are owed. */
export class PayoutFilter {
  readonly element: HTMLElement;
  private readonly status = h("select", { id: "payout-status" });
  private readonly pro = h("select", { id: "payout-pro" });
  private readonly first = h("input", { id: "payout-from", type: "date" });
  private readonly last = h("input", { id: "payout-until", type: "date" });
  private readonly names = new Map<string, string>();

  constructor(changed: () => void) {
    this.status.append(...Object.entries(words.statuses).map(([value, label]) => new Option(label, value)));
    this.status.value = USUAL;
    const controls = [this.status, this.pro, this.first, this.last];
    for (const control of controls) control.addEventListener("change", changed);
    this.element = h(
      "div",
      { class: "filters" },
      field(words.status, this.status),
      field(words.pro, this.pro),
      field(words.from, this.first),
      field(words.until, this.last),
    );
    this.know([]);
  }

  /** The filter as the server reads it. */
  get query(): Record<string, string> {
    const status = this.status.value;
    const pro_id = this.pro.value;
    return { ...(status !== "all" && { status }), ...(pro_id !== "" && { pro_id }), ...periodOf(this.first.value, this.last.value) };
  }

  /** Whether it is as it was in the beginning. */
  get isUsual(): boolean {
    return this.status.value === USUAL && this.pro.value === "" && this.first.value === "" && this.last.value === "";
  }

  /** Only the pro can be chosen: transfers have nothing else. */
  narrow(only: boolean): void {
    for (const control of [this.status, this.first, this.last]) show(control.parentElement ?? control, !only);
  }

  /** Back to how it was in the beginning. */
  clear(): void {
    this.status.value = USUAL;
    this.pro.value = this.first.value = this.last.value = "";
  }

  /** More pros that can be chosen. */
  know(pros: readonly { id: string; name: string }[]): void {
    const before = this.names.size;
    for (const { id, name } of pros) this.names.set(id, name);
    if (before > 0 && this.names.size === before) return;
    const chosen = this.pro.value;
    const named = [...this.names].sort(([, one], [, other]) => one.localeCompare(other));
    this.pro.replaceChildren(new Option(words.everybody, ""), ...named.map(([id, name]) => new Option(name, id)));
    this.pro.value = chosen;
  }
}
