import { h } from "../lib/dom.ts";
import { words } from "./words.ts";

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

let fields = 0;

/** A control under its label. */
export function field(label: string, control: Control): HTMLElement {
  control.id ||= `field-${++fields}`;
  return h("div", { class: "field" }, h("label", { class: "small", for: control.id }, label), control);
}

/** A few words that will be kept: a reason, notes. */
export function sentence(id: string, least = 3, most = 500): HTMLTextAreaElement {
  return h("textarea", { id, rows: "2", required: true, minlength: String(least), maxlength: String(most) });
}

/** An amount of money, typed as people write it; `centsOf` reads it. */
export function amount(id: string, most_cents: number): HTMLInputElement {
  const most = (most_cents / 100).toFixed(2);
  return h("input", { id, type: "number", inputmode: "decimal", required: true, min: "0.01", max: most, step: "0.01" });
}

/** The integer cents of an amount field. */
export function centsOf(input: HTMLInputElement): number {
  return Math.round(input.valueAsNumber * 100);
}

/** A button of a section; `key` names it, so that the focus stays on it when the section is drawn anew. */
export function button(key: string, label: string, click: () => void, main = false): HTMLButtonElement {
  return h("button", { class: main ? "button button-main" : "button", type: "button", "data-key": key, click }, label);
}

/** A small form: sent with Enter or its button when every field is right, left with Escape or "Cancel". */
export function smallForm(controls: Node[], submit: string, send: () => void, cancel: () => void): HTMLFormElement {
  const form = h(
    "form",
    { class: "small-form" },
    ...controls,
    h(
      "div",
      { class: "actions" },
      h("button", { class: "button button-main", type: "submit" }, submit),
      h("button", { class: "button", type: "button", click: cancel }, words.cancel),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // a dialog around the form stays
    cancel();
  });
  return form;
}
