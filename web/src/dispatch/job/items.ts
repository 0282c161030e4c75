import type { Item } from "./detail.ts";
import { install as words } from "../words/install.ts";
import { worded } from "../words/worded.ts";

/** Lines of an order as people read them, and as a form keeps them. Pure. */

/** A new line: what is ordered most. The server leaves out of its records what is as here. */
export const NEW_ITEM: Item = { kind: "tv", name: "", quantity: 1, mount_type: null, tv_size_in: null, customer_provides: false };

/** An item with its facts in one order, so that two can be compared; only a TV has a mount. */
export function plainItem(item: Item): Item {
  const { kind, name, quantity, customer_provides } = item;
  const tv = kind === "tv";
  return {
    kind,
    name: name.trim(),
    quantity,
    mount_type: tv ? item.mount_type : null,
    tv_size_in: tv ? item.tv_size_in : null,
    customer_provides: tv && customer_provides,
  };
}

/** "2 × Samsung Frame" or "1 × TV". */
export function itemName(item: Item): string {
  return words.line(item.quantity, item.name.trim() || worded(words.kind, item.kind));
}

/** Facts of an item beside its name; `known: false` is what somebody has to ask. */
export function itemFacts(item: Item): { text: string; known: boolean }[] {
  if (item.kind !== "tv") return item.name.trim() === "" ? [] : [{ text: worded(words.kind, item.kind), known: true }];
  const size = item.tv_size_in === null ? null : words.inches(item.tv_size_in);
  const mount = item.mount_type === null ? null : worded(words.mount, item.mount_type);
  const needed = !item.customer_provides; // who has the mount needs none of ours
  return [
    ...(size !== null || needed ? [{ text: size ?? words.noSize, known: size !== null }] : []),
    ...(mount !== null || needed ? [{ text: mount === null ? words.noMount : words.mountOf(mount), known: mount !== null }] : []),
    ...(needed ? [] : [{ text: words.hasMount, known: true }]),
  ];
}

/** The whole item in one line. */
export function itemLine(item: Item): string {
  return [itemName(item), ...itemFacts(item).map((fact) => fact.text)].join(", ");
}

/** How many things nobody has said yet: cables, wall, and what an order of mounts needs. */
export function unknowns(wire: string, wall: string, items: readonly Item[]): number {
  const open = items.flatMap(itemFacts).filter((fact) => !fact.known).length;
  return open + Number(wire === "UNKNOWN") + Number(wall === "UNKNOWN");
}
