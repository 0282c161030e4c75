import { dateFormat } from "../../lib/formatters.ts";
import type { Status } from "../../lib/wire.ts";
import { ACTIVE, ENDED, type Card } from "../card.ts";

/** What a board can be narrowed to. The server, a saved view and the address use the same keys. */
export const FILTER_KEYS = ["status", "search", "service", "pro_id", "unassigned", "flags", "lane", "money", "from", "to", "late", "sort"] as const;
export type FilterKey = (typeof FILTER_KEYS)[number];

/**
 * What somebody wants to see; a key that is missing narrows nothing.
 *
 * `status`: one or several, comma-separated; none means every active one. `flags`: any or critical. `from` and `to`,
 * both included, bound the job's day, on the company's calendar: today, tomorrow, or like 2026-11-21. `unassigned` and `late`: "true". `sort`:
 * newest, or window; without it the jobs stand in groups by status.
 */
export type Filter = Readonly<Partial<Record<FilterKey, string>>>;

/** The same filter with one key said otherwise; "" takes it out. */
export function narrowed(filter: Filter, key: FilterKey, value: string): Filter {
  const { [key]: _, ...rest } = filter;
  return value === "" ? rest : { ...rest, [key]: value };
}

/** Whether two filters want the same. */
export function isSame(one: Filter, other: Filter): boolean {
  return FILTER_KEYS.every((key) => (one[key] ?? "") === (other[key] ?? ""));
}

/** How many things a filter narrows by, apart from what is searched for. */
export function narrowness(filter: Filter): number {
  return FILTER_KEYS.filter((key) => key !== "search" && key !== "sort" && key !== "to" && filter[key]).length;
}

/** The keys of a filter out of whatever says them: an address, a saved view of another release. */
export function filterFrom(say: (key: FilterKey) => string | null | undefined): Filter {
  const found = FILTER_KEYS.map((key) => [key, say(key)] as const).filter(([, value]) => value);
  return Object.fromEntries(found) as Filter;
}

/** Keys that are a yes or no where the server keeps them. */
const YES: readonly string[] = ["unassigned", "late"] satisfies FilterKey[];

/** A filter as the server keeps it in a saved view. */
export function bodyOf(filter: Filter): Record<string, string | boolean> {
  return Object.fromEntries(Object.entries(filter).map(([key, value]) => [key, YES.includes(key) ? value === "true" : value]));
}

/** The chosen statuses; none chosen: []. */
export function statusesOf(filter: Filter): Status[] {
  const known: readonly Status[] = [...ACTIVE, ...ENDED];
  return (filter.status ?? "").split(",").filter((word): word is Status => known.includes(word as Status));
}

/** The filter with a status chosen, or not chosen any more. */
export function toggled(filter: Filter, status: Status): Filter {
  const chosen = statusesOf(filter);
  const next = chosen.includes(status) ? chosen.filter((one) => one !== status) : [...chosen, status];
  return narrowed(filter, "status", next.join(","));
}

/**
 * The statuses of ended jobs that the server has to be asked for: those that were chosen; all of them when somebody
 * searches without choosing.
 */
export function endedWanted(filter: Filter): Status[] {
  const chosen = statusesOf(filter);
  if (chosen.length > 0) return ENDED.filter((status) => chosen.includes(status));
  return filter.search ? [...ENDED] : [];
}

/** The day of a moment in a time zone: "2026-11-21". */
export function dayOf(at_ms: number, time_zone: string): string {
  return dateFormat("sv", { timeZone: time_zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(at_ms);
}

/** A day as it stands in the calendar, of one that may be meant by a word. */
function calendarDay(day: string, now_ms: number, time_zone: string): string {
  const today = dayOf(now_ms, time_zone);
  if (day === "today") return today;
  if (day !== "tomorrow") return day;
  const next = new Date(`${today}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}

/** What the server is asked for the same jobs; `statuses` instead of the filter's own. */
export function queryOf(filter: Filter, statuses: readonly Status[]): URLSearchParams {
  return new URLSearchParams({ ...filter, status: statuses.join(",") });
}

/** The test that a filter is, with everything that does not depend on the card worked out once. */
export function testOf(filter: Filter, now_ms: number, time_zone: string): (card: Card) => boolean {
  const statuses = statusesOf(filter);
  const words = plain(filter.search ?? "").split(" ").filter(Boolean);
  const [from, to] = [filter.from, filter.to].map((day) => (day === undefined ? undefined : calendarDay(day, now_ms, time_zone)));
  const tests: ((card: Card) => boolean)[] = [];
  if (statuses.length > 0) tests.push((card) => statuses.includes(card.status));
  if (filter.service) tests.push((card) => plain(card.service).includes(plain(filter.service ?? "")));
  if (filter.pro_id) tests.push((card) => card.pro?.id === filter.pro_id);
  if (filter.unassigned) tests.push((card) => card.pro === null);
  if (filter.flags) tests.push(({ flags }) => flags !== null && (filter.flags !== "critical" || flags.worst === "CRITICAL"));
  if (filter.lane) tests.push((card) => among(filter.lane, card.lane));
  if (filter.money) tests.push((card) => among(filter.money, card.money.state));
  if (filter.late) tests.push((card) => card.late);
  if (from !== undefined) tests.push((card) => dayOf(begin(card), time_zone) >= from);
  if (to !== undefined) tests.push((card) => dayOf(begin(card), time_zone) <= to);
  if (words.length > 0) tests.push((card) => words.every((word) => textOf(card).includes(word)));
  return (card) => tests.every((test) => test(card));
}

/** Whether a word is one of several, comma-separated. */
function among(words = "", word: string): boolean {
  return words.split(",").includes(word);
}

/** A job's day is its window's beginning, or when none is agreed, the one it was ordered on: as the server has it. */
function begin(card: Card): number {
  return Date.parse(card.window_start ?? card.created_at);
}

const texts = new WeakMap<Card, string>();

/** What is looked in: service, reference, customer, address and pro, without accents and capitals; worked out once per card. */
function textOf(card: Card): string {
  const kept = texts.get(card);
  if (kept !== undefined) return kept;
  const text = plain([card.service, card.reference ?? "", card.customer_name, card.address, card.pro?.name ?? ""].join("\n"));
  texts.set(card, text);
  return text;
}

/** Letters as they are compared: "Núñez" is found by "nunez". */
function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase().replace(/\s+/g, " ");
}
