import { byId, h, refill } from "../lib/dom.ts";
import { moment } from "../lib/format.ts";
import { HttpProblem, type Http } from "../lib/http.ts";
import { region } from "../lib/region.ts";
import { plainly } from "./plain.ts";
import { PortraitPart } from "./portrait_part.ts";
import { words } from "./words.ts";

/** `GET /api/me`. */
export interface Me {
  id: string;
  name: string | null;
  on_duty: boolean;
  skills: string[];
  /** The portrait's address below the server's root. */
  photo: string | null;
  /** The server is a demo. */
  demo: boolean;
}

/** `GET /api/me/reviews`. */
interface Reviews {
  average: number | null;
  count: number;
  reviews: { id: number; service: string; rating: number; comment: string; author: string; created_at: string }[];
  next: number | null;
}

/** Who the pro is, and what customers wrote about them. */
export class AboutMe {
  private readonly http: Http;
  private readonly learned: (me: Me) => void;
  private readonly portrait: PortraitPart;
  private me: Me | null = null;
  private reviews: Reviews | null = null;

  /** `learned` hears whatever the server says of the pro. */
  constructor(http: Http, learned: (me: Me) => void) {
    this.http = http;
    this.learned = learned;
    this.portrait = new PortraitPart(http, () => this.refreshMe());
  }

  /** @throws HttpProblem */
  async refreshMe(): Promise<void> {
    this.me = await this.http.get<Me>("api/me");
    this.learned(this.me);
    this.portrait.show(this.me);
    this.drawMe();
  }

  async refreshReviews(): Promise<void> {
    await this.read(async () => {
      this.reviews = await this.http.get<Reviews>("api/me/reviews?limit=20");
    });
  }

  private async older(): Promise<void> {
    const before = this.reviews?.next;
    if (before === null || before === undefined) return;
    await this.read(async () => {
      const page = await this.http.get<Reviews>(`api/me/reviews?limit=20&before=${before}`);
      // A second tap brought the same page.
      if (this.reviews?.next === before) this.reviews = { ...page, reviews: [...this.reviews.reviews, ...page.reviews] };
    });
  }

  private async read(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.drawReviews();
      this.drawMe();
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      refill(byId("reviews"), h("p", { class: "notice", role: "status" }, words.notDone(plainly(error))));
    }
  }

  private drawMe(): void {
    if (this.me === null) return;
    const { name, id, skills } = this.me;
    const { average, count } = this.reviews ?? { average: null, count: 0 };
    const stars = average === null ? null : average.toLocaleString(region.locale, { minimumFractionDigits: 1, maximumFractionDigits: 2 });
    refill(
      byId("me"),
      h("strong", { class: "name" }, name ?? id),
      stars !== null && h("p", {}, words.me.rating(stars, count)),
      skills.length > 0 && h("p", { class: "muted small" }, words.me.skills(skills.map((skill) => skill.replaceAll("_", " ")).join(", "))),
    );
  }

  private drawReviews(): void {
    if (this.reviews === null) return;
    const { reviews, next } = this.reviews;
    const rows = reviews.map((review) =>
      h(
        "li",
        {},
        h("div", { class: "row" }, h("span", { class: "stars", role: "img", "aria-label": words.me.stars(review.rating) }, "★".repeat(review.rating) + "☆".repeat(5 - review.rating)), h("span", { class: "small muted" }, moment(Date.parse(review.created_at), region))),
        review.comment !== "" && h("p", { class: "said" }, review.comment),
        h("p", { class: "small muted" }, `${review.author} · ${review.service}`),
      ),
    );
    const more = h("button", { class: "button", type: "button", "data-key": "older", click: () => void this.older() }, words.me.more);
    const none = h("p", { class: "empty" }, words.me.unrated);
    refill(byId("reviews"), rows.length === 0 ? none : h("ul", { class: "lines" }, ...rows), next !== null && more);
  }
}
