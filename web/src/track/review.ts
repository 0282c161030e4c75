import { h } from "../lib/dom.ts";
import { Http, HttpProblem } from "../lib/http.ts";
import { words } from "./words.ts";

/** How the visit was: five stars and a few words, sent as the customer of the link's job. */

const STARS = [1, 2, 3, 4, 5];
const LONGEST = 2000;

/** A form for one review. It becomes a word of thanks, or says what is wrong and stays. */
export function reviewForm(http: Http, job_id: string): HTMLElement {
  const said = h("p", { role: "status" });
  const comment = h("textarea", { id: "comment", rows: "3", maxlength: String(LONGEST) });
  const send = h("button", { class: "button button-main", type: "submit" }, words.review.send);
  const form = h(
    "form",
    { class: "review" },
    h("fieldset", { class: "stars" }, h("legend", {}, words.review.ask), ...STARS.map(star)),
    h("label", { for: "comment" }, words.review.comment),
    comment,
    send,
    said,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const rating = Number(new FormData(form).get("rating"));
    send.disabled = true;
    http.post("api/reviews", { job_id, rating, comment: comment.value.replace(/\r\n?/g, "\n") }).then(
      () => thank(form),
      (error: unknown) => {
        send.disabled = false;
        said.textContent = sentence(error);
      },
    );
  });
  return form;
}

function star(number: number): HTMLElement {
  const input = h("input", { type: "radio", name: "rating", value: String(number), required: true });
  return h("label", { title: words.review.stars(number) }, input, h("span", { "aria-hidden": "true" }, "★"), h("span", { class: "visually-hidden" }, words.review.stars(number)));
}

function thank(form: HTMLElement): void {
  const thanks = h("p", { class: "notice-good", role: "status", tabindex: "-1" }, words.review.thanks);
  form.replaceWith(thanks);
  thanks.focus();
}

function sentence(error: unknown): string {
  if (!(error instanceof HttpProblem)) throw error;
  if (error.code === "already_reviewed") return words.review.already;
  return error.retry ? words.review.again : words.review.closed;
}
