import type { Card } from "../card.ts";
import { narrowed, testOf, type Filter } from "./filter.ts";
import type { Choices } from "./filters.ts";
import { counted } from "./order.ts";

/** What there is to choose from among the active jobs, and how many would be seen. */
export function choicesOf(cards: ReadonlyMap<string, Card>, filter: Filter, now_ms: number, time_zone: string): Choices {
  const all = [...cards.values()];
  const fits = testOf(narrowed(filter, "status", ""), now_ms, time_zone);
  const pros = new Map(all.flatMap(({ pro }) => (pro === null ? [] : [[pro.id, pro.name] as const])));
  const many = (test: (card: Card) => boolean): number => all.reduce((sum, card) => sum + (test(card) ? 1 : 0), 0);
  return {
    counts: counted(all.filter(fits)),
    quick: {
      late: many(({ late }) => late),
      critical: many(({ flags }) => flags?.worst === "CRITICAL"),
      nobody: many(({ pro }) => pro === null),
    },
    services: [...new Set(all.map(({ service }) => service))].sort((one, other) => one.localeCompare(other)),
    pros: [...pros].map(([id, name]) => ({ id, name })).sort((one, other) => one.name.localeCompare(other.name)),
  };
}
