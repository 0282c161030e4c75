import { h, refill } from "../../lib/dom.ts";
import { HttpProblem, type Http } from "../../lib/http.ts";
import { words } from "../words/after.ts";
import type { Receipt } from "./wire.ts";

/** How the visit was: five stars and a few words, sent as the customer of the link's job. */

const STARS = [1, 2, 3, 4, 5];
const LONGEST = 2000;

export class ReviewPart {
  readonly element = h("section", { id: "review", class: "panel", hidden: true });
  private readonly http: Http;
  private readonly job_id: string;
  private shown: string | null = null;

  constructor(http: Http, job_id: string) {
    this.http = http;
    this.job_id = job_id;
  }

  /** The form while there is no review; what was given once there is one. */
  show({ review, may_review }: Receipt): void {
    const state = JSON.stringify([review, may_review]);
    if (state === this.shown) return; // a half-written review stays
    this.shown = state;
    this.element.hidden = review === null && !may_review;
    if (this.element.querySelector(".notice-good") !== null) return; // thanked already
    if (review !== null) refill(this.element, thanks(words.review.given(words.review.stars(review.rating))));
    else if (may_review) refill(this.element, this.form());
  }

  private form(): HTMLElement {
    const said = h("p", { role: "status", class: "said" });
    const comment = h("textarea", { id: "comment", class: "field", rows: "3", maxlength: String(LONGEST) });
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
      this.http.post("api/reviews", { job_id: this.job_id, rating, comment: comment.value.replace(/\r\n?/g, "\n") }).then(
        () => this.thank(words.review.thanks),
        (error: unknown) => {
          if (!(error instanceof HttpProblem)) throw error;
          if (error.code === "already_reviewed") return this.thank(words.review.already);
          send.disabled = false;
          said.textContent = error.retry ? words.review.again : words.review.closed;
        },
      );
    });
    return form;
  }

  private thank(said: string): void {
    const note = thanks(said);
    refill(this.element, note);
    note.focus();
  }
}

function thanks(said: string): HTMLElement {
  return h("p", { class: "notice notice-good", role: "status", tabindex: "-1" }, said);
}

function star(number: number): HTMLElement {
  const input = h("input", { type: "radio", name: "rating", value: String(number), required: true });
  return h("label", { title: words.review.stars(number) }, input, h("span", { "aria-hidden": "true" }, "★"), h("span", { class: "visually-hidden" }, words.review.stars(number)));
}
