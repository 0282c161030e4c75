import { h } from "../../lib/dom.ts";
import type { EditField } from "./edit_form.ts";
import { amount, centsOf, field } from "../forms.ts";
import { worded } from "../words/worded.ts";

type Words = Readonly<Record<string, string>>;

/** One of several; a code that this page has no words for can be kept as it is. */
export function choiceField(name: string, label: string, options: Words): EditField<string> {
  const select = h("select", { id: `edit-${name}` }, ...Object.entries(options).map(([code, text]) => new Option(text, code)));
  return {
    name,
    element: field(label, select),
    get: () => select.value,
    set: (code) => {
      if (!Object.hasOwn(options, code) && ![...select.options].some((one) => one.value === code)) select.add(new Option(worded(options, code), code));
      select.value = code;
    },
    tell: (code) => worded(options, code),
  };
}

/** A few lines; nothing but blanks is no text. */
export function textField(name: string, label: string, most: number): EditField<string | null> {
  const area = h("textarea", { id: `edit-${name}`, rows: "2", maxlength: String(most) });
  return written(name, label, area);
}

/** One line. */
export function lineField(name: string, label: string, most: number): EditField<string | null> {
  return written(name, label, h("input", { id: `edit-${name}`, maxlength: String(most), autocomplete: "off" }));
}

/** A text as a control gives it back: with the line ends that browsers use. */
export function plainText(text: string | null): string | null {
  return text === null || text.trim() === "" ? null : text.replaceAll(/\r\n?/g, "\n");
}

function written(name: string, label: string, control: HTMLInputElement | HTMLTextAreaElement): EditField<string | null> {
  return {
    name,
    element: field(label, control),
    get: () => plainText(control.value),
    set: (text) => (control.value = text ?? ""),
    tell: (text) => text ?? "",
  };
}

/** Any of several, always in the order in which they are listed. */
export function checksField(name: string, label: string, options: Words): EditField<string[]> {
  const boxes = Object.keys(options).map((code) => h("input", { type: "checkbox", value: code }));
  const lines = boxes.map((box) => h("label", { class: "job-check small" }, box, worded(options, box.value)));
  return {
    name,
    element: h("fieldset", { class: "checks" }, h("legend", { class: "small" }, label), ...lines),
    get: () => boxes.filter((box) => box.checked).map((box) => box.value),
    set: (codes) => {
      for (const box of boxes) box.checked = codes.includes(box.value);
    },
    tell: (codes) => codes.map((code) => worded(options, code)).join(", "),
  };
}

/** An amount of integer cents, from nothing up. */
export function centsField(name: string, label: string, most_cents: number, tell: (cents: number) => string): EditField<number> {
  const input = amount(`edit-${name}`, most_cents);
  input.min = "0";
  return {
    name,
    element: field(label, input),
    get: () => centsOf(input),
    set: (cents) => (input.value = (cents / 100).toFixed(2)),
    tell,
  };
}

/** A moment, ISO 8601 UTC, edited on this device's clock to the minute. */
export function momentField(name: string, label: string, tell: (iso: string) => string): EditField<string | null> {
  const input = h("input", { id: `edit-${name}`, type: "datetime-local", required: true });
  return {
    name,
    element: field(label, input),
    get: () => (input.value === "" ? null : new Date(input.value).toISOString()),
    set: (iso) => (input.value = iso === null ? "" : localMinute(new Date(iso))),
    tell: (iso) => (iso === null ? "" : tell(iso)),
  };
}

/** A moment as `momentField` gives it back: whole minutes. */
export function wholeMinute(iso: string | null): string | null {
  return iso === null ? null : new Date(Math.floor(Date.parse(iso) / 60_000) * 60_000).toISOString();
}

/** "2026-11-21T14:30" on this device's clock. */
function localMinute(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
