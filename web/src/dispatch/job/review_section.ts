import { h } from "../../lib/dom.ts";
import { button, field, sentence, smallForm } from "../forms.ts";
import type { JobSource } from "./detail.ts";
import { Section } from "./section.ts";
import { words, worded } from "../words.ts";

/** A review of `GET /api/dispatch/jobs/{id}/reviews`. */
interface Review {
  id: number;
  direction: string;
  rating: number;
  comment: string;
  author: string;
  hidden_at: string | null;
}

/** What both sides said of each other; dispatch may hide what is abuse. */
export function reviewSection(source: JobSource, changed: () => void): Section<Review[]> {
  const { http } = source;
  const section: Section<Review[]> = new Section(
    {
      name: "reviews",
      title: words.reviews.title,
      read: async () => (await http.get<{ reviews: Review[] }>(source.path("reviews"))).reviews,
      digest: (reviews) => reviews.map((one) => words.reviews.stars(one.rating)).join(" · ") || words.reviews.empty,
      body: (reviews) => [
        reviews.length === 0 ? h("p", { class: "small muted" }, words.reviews.none) : h("ul", { class: "lines" }, ...reviews.map(row)),
      ],
    },
    changed,
  );

  function row(review: Review): HTMLElement {
    const hidden = review.hidden_at !== null;
    const head = h("span", { class: "row small" }, h("strong", {}, words.reviews.stars(review.rating)), h("span", { class: "muted" }, worded(words.reviews.direction, review.direction)));
    return h(
      "li",
      {},
      head,
      review.comment === "" ? null : h("p", { class: "small said" }, review.comment),
      h("p", { class: "small muted" }, hidden ? words.reviews.hidden(review.author) : review.author),
      button(`review-${review.id}`, hidden ? words.reviews.show : words.reviews.hide, () => askWhy(review, hidden ? "show" : "hide")),
    );
  }

  function askWhy(review: Review, what: "hide" | "show"): void {
    const reason = sentence("review-reason");
    const send = (): void => void section.submit(() => http.post(`api/dispatch/reviews/${review.id}/${what}`, { reason: reason.value.trim() }));
    section.ask(smallForm([field(words.reviews.why, reason)], words.reviews[what], send, () => section.ask(null)));
  }

  return section;
}
