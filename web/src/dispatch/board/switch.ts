import { byId } from "../../lib/dom.ts";
import { button } from "../forms.ts";
import { board as words } from "../words/board.ts";

const SIDES = ["list", "map"] as const;

/** On a phone there is room for the list or for the map: two buttons say which. */
export function offerSwitch(): void {
  const buttons = SIDES.map((side) => button(side, words[side], () => show(side)));
  byId("switch").setAttribute("aria-label", words.switch);
  byId("switch").replaceChildren(...buttons);
  show("list");

  function show(shown: (typeof SIDES)[number]): void {
    byId("board").dataset["shows"] = shown;
    for (const [index, side] of SIDES.entries()) buttons[index]?.setAttribute("aria-pressed", String(side === shown));
  }
}
