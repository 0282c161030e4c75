import type { Status } from "../../lib/wire.ts";
import { ACTIVE, ENDED, type Card } from "../card.ts";

/** Cards under one heading; `status` null: all in one list, without a heading. */
export interface Group {
  status: Status | null;
  cards: Card[];
}

const RANKS = new Map<Status, number>([...ACTIVE, ...ENDED].map((status, rank) => [status, rank]));

/**
 * The cards in the order that a filter's `sort` says: the newest first; by when somebody is expected (`window`), the
 * late ones first; or else so in groups by status.
 */
export function grouped(cards: readonly Card[], sort: string | undefined): Group[] {
  if (sort === "newest") return whole([...cards].sort(newest));
  const keys = new Map(cards.map((card) => [card, { late: card.late ? 0 : 1, at_ms: expected(card) }]));
  const byTime = (one: Card, other: Card): number => {
    const [a, b] = [keys.get(one), keys.get(other)];
    if (a === undefined || b === undefined) return 0; // every card has its key
    return a.late - b.late || compared(a.at_ms, b.at_ms) || newest(one, other);
  };
  if (sort === "window") return whole([...cards].sort(byTime));
  const groups = new Map<Status, Card[]>();
  for (const card of cards) {
    const group = groups.get(card.status);
    if (group) group.push(card);
    else groups.set(card.status, [card]);
  }
  const found = [...groups].sort(([one], [other]) => (RANKS.get(one) ?? 0) - (RANKS.get(other) ?? 0));
  return found.map(([status, cards]) => ({ status, cards: isEnded(status) ? cards.sort(newest) : cards.sort(byTime) }));
}

/** How many cards there are of each status. */
export function counted(cards: Iterable<Card>): Map<Status, number> {
  const counts = new Map<Status, number>();
  for (const { status } of cards) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

/** When somebody is expected, epoch milliseconds; without an agreed time at the very end. */
function expected(card: Card): number {
  const at = card.promised_arrival_at ?? card.window_start;
  return at === null ? Number.POSITIVE_INFINITY : Date.parse(at);
}

function compared(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1; // infinity minus infinity is no number
}

/** By time, then by id, as the server pages them. */
function newest(one: Card, other: Card): number {
  if (one.created_at !== other.created_at) return one.created_at < other.created_at ? 1 : -1;
  return one.id < other.id ? 1 : one.id > other.id ? -1 : 0;
}

function isEnded(status: Status): boolean {
  return (ENDED as readonly Status[]).includes(status);
}

function whole(cards: Card[]): Group[] {
  return cards.length === 0 ? [] : [{ status: null, cards }];
}
