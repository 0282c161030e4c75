import { h } from "../../lib/dom.ts";
import type { EditField } from "./edit_form.ts";
import { field } from "../forms.ts";
import { itemLine, itemName, NEW_ITEM, plainItem } from "./items.ts";
import type { Item } from "./detail.ts";
import { install as words } from "../words/install.ts";

const MOST = 50;

interface Row {
  readonly element: HTMLElement;
  get(): Item;
}

/** A list of items that can be added to, edited and taken from. */
export function itemsField(): EditField<Item[]> {
  let rows: Row[] = [];
  const list = h("div", { class: "item-rows" });
  const add = h("button", { class: "button", type: "button", click: () => grow() }, words.addItem);
  const element = h("fieldset", { class: "items-edit" }, h("legend", { class: "small" }, words.field.items), list, add);

  function draw(): void {
    list.replaceChildren(...rows.map((row) => row.element));
    rows.forEach((row, at) => row.element.setAttribute("aria-label", words.itemNumber(at + 1)));
    add.disabled = rows.length >= MOST;
  }

  function rowOf(item: Item): Row {
    const row = itemRow(item, () => {
      const at = rows.indexOf(row);
      rows = rows.filter((one) => one !== row);
      draw();
      (rows[Math.min(at, rows.length - 1)]?.element.querySelector("select") ?? add).focus();
    });
    return row;
  }

  function grow(): void {
    const row = rowOf(NEW_ITEM);
    rows.push(row);
    draw();
    row.element.querySelector("select")?.focus();
  }

  return {
    name: "items",
    element,
    get: () => rows.map((row) => row.get()),
    set: (items) => {
      rows = items.map(rowOf);
      draw();
    },
    tell: (items) => (items.length === 0 ? words.noItems : items.map(itemLine).join("; ")),
  };
}

function itemRow(item: Item, remove: () => void): Row {
  const kind = h("select", {}, ...options(words.kind));
  const name = h("input", { maxlength: "200", autocomplete: "off", value: item.name });
  const quantity = number(1, 100, true, item.quantity);
  const mount = h("select", {}, new Option(words.missing, ""), ...options(words.mount));
  const size = number(10, 150, false, item.tv_size_in);
  const provides = h("input", { type: "checkbox" });
  kind.value = item.kind;
  mount.value = item.mount_type ?? "";
  provides.checked = item.customer_provides;
  const take = h("button", { class: "button close", type: "button", "aria-label": words.removeItem(itemName(item)), click: remove }, "×");
  const ofTv = h(
    "div",
    { class: "item-tv" },
    field(words.item.size, size),
    field(words.item.mount, mount),
    h("label", { class: "job-check small" }, provides, words.item.provides),
  );
  const fit = (): void => {
    ofTv.hidden = kind.value !== "tv";
    size.disabled = ofTv.hidden; // a size that nobody sees must not stand in the way of sending
  };
  kind.addEventListener("change", fit);
  fit();
  const head = h("div", { class: "item-head" }, field(words.item.quantity, quantity), field(words.item.kind, kind), take);
  return {
    element: h("div", { class: "item-row", role: "group" }, head, field(words.item.name, name), ofTv),
    get: () =>
      plainItem({
        kind: kind.value,
        name: name.value,
        quantity: quantity.valueAsNumber,
        mount_type: mount.value || null,
        tv_size_in: Number.isNaN(size.valueAsNumber) ? null : size.valueAsNumber,
        customer_provides: provides.checked,
      }),
  };
}

function options(texts: Readonly<Record<string, string>>): HTMLOptionElement[] {
  return Object.entries(texts).map(([code, text]) => new Option(text, code));
}

function number(least: number, most: number, required: boolean, value: number | null): HTMLInputElement {
  const bounds = { min: String(least), max: String(most), step: "1", required };
  return h("input", { type: "number", inputmode: "numeric", ...bounds, value: value === null ? "" : String(value) });
}
