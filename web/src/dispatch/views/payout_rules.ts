import { HEAPS, type DuePro, type Heap, type HeapName, type Line, type RunAnswer } from "./payouts_wire.ts";

/** Rules of the payouts page. Pure: what the server said comes in. */

export interface Group {
  pro_id: string;
  name: string;
  lines: Line[];
  cents: number;
}

/** Lines by pro, by name; within a pro as they came, the newest first. */
export function byPro(lines: readonly Line[]): Group[] {
  const groups = new Map<string, Group>();
  for (const line of lines) {
    const group = groups.get(line.pro_id) ?? { pro_id: line.pro_id, name: line.pro_name, lines: [], cents: 0 };
    group.lines.push(line);
    group.cents += line.amount_cents;
    groups.set(line.pro_id, group);
  }
  return [...groups.values()].sort((one, other) => one.name.localeCompare(other.name) || one.pro_id.localeCompare(other.pro_id));
}

export function sumOf(lines: readonly { amount_cents: number }[]): number {
  return lines.reduce((sum, { amount_cents }) => sum + amount_cents, 0);
}

/** All pros' heaps together. */
export function totals(pros: readonly DuePro[]): Record<HeapName, Heap> {
  const sum = (name: HeapName): Heap =>
    pros.reduce((total, pro) => ({ lines: total.lines + pro[name].lines, cents: total.cents + pro[name].cents }), { lines: 0, cents: 0 });
  return Object.fromEntries(HEAPS.map((name) => [name, sum(name)])) as Record<HeapName, Heap>;
}

/** What a line waits for, in one word. */
export type State = "pending" | "approved" | "sending" | "failed" | "held" | "paid";

export function stateOf(line: Line): State {
  if (line.status === "paid" || line.status === "failed") return line.status;
  if (line.transfer !== null) return "sending";
  return line.held_for !== null ? "held" : line.status;
}

/** The first line of each refused transfer among these: one press sends them all. */
export function retriesIn(lines: readonly Line[]): Set<number> {
  const seen = new Set<number | null>();
  const first = new Set<number>();
  for (const line of lines) {
    if (line.status !== "failed" || seen.has(line.transfer)) continue;
    seen.add(line.transfer);
    first.add(line.id);
  }
  return first;
}

/** Who a run would pay, and who it would not, with why not. */
export interface Plan {
  paid: DuePro[];
  unpaid: DuePro[];
  cents: number;
}

export function planOf(pros: readonly DuePro[]): Plan {
  const paid = pros.filter(({ outcome }) => outcome === "transfer");
  const unpaid = pros.filter(({ outcome }) => outcome !== null && outcome !== "transfer");
  return { paid, unpaid, cents: paid.reduce((sum, { due }) => sum + due.cents, 0) };
}

/** What the server is told that a person has seen and agreed to. */
export function agreedIn(plan: Plan): { pro_id: string; amount_cents: number }[] {
  return plan.paid.map(({ pro_id, due }) => ({ pro_id, amount_cents: due.cents }));
}

export type Outcome = RunAnswer["pros"][number]["outcome"] | "gone";

/** What became of each pro of the plan; whom the answer does not name had nothing due any more. */
export function outcomesOf(plan: Plan, answer: RunAnswer): { name: string; outcome: Outcome; cents: number }[] {
  const told = new Map(answer.pros.map((one) => [one.pro_id, one]));
  return plan.paid.map(({ pro_id, name, due }) => {
    const one = told.get(pro_id);
    return { name, outcome: one?.outcome ?? "gone", cents: one?.amount_cents ?? due.cents };
  });
}

/** From the beginning of one day to the end of another, as this device's clock has them; an empty day is no limit. */
export function periodOf(first: string, last: string): { from?: string; to?: string } {
  const from = first === "" ? null : new Date(`${first}T00:00:00`);
  const to = last === "" ? null : new Date(`${last}T00:00:00`);
  to?.setDate(to.getDate() + 1); // a day may have 23 hours
  return { ...(from && { from: from.toISOString() }), ...(to && { to: to.toISOString() }) };
}
