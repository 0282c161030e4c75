import { h } from "../lib/dom.ts";
import { LINK, lonePage } from "../lib/lone_page.ts";
import { tokenIn } from "../lib/token.ts";
import { words } from "./words.ts";

/** Asks to sign in. An app on the home screen of an iPhone opens no link by itself: it can be pasted. */
export function signedOutPage(): void {
  lonePage(words.signedOut.title, words.signedOut.more, LINK);
  const input = h("input", { id: "link", type: "url", class: "field", autocomplete: "off", required: true });
  const form = h(
    "form",
    { class: "stack paste" },
    h("label", { for: "link", class: "muted" }, words.signedOut.paste),
    input,
    h("button", { class: "button button-main", type: "submit" }, words.signedOut.open),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const token = tokenIn(input.value);
    input.setCustomValidity(token === null ? words.signedOut.more : "");
    if (token === null) input.reportValidity();
    else location.hash = `token=${encodeURIComponent(token)}`; // the page reads it when its address changes
  });
  input.addEventListener("input", () => input.setCustomValidity(""));
  document.querySelector("main")?.append(form);
}
