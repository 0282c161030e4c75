import { h, setText } from "../lib/dom.ts";
import { moment } from "../lib/format.ts";
import type { Http } from "../lib/http.ts";
import { region } from "../lib/region.ts";
import { Drawer } from "./drawer.ts";
import { button } from "./forms.ts";
import { words } from "./words.ts";
import { nav } from "./words/nav.ts";

/** `GET /api/notifications`: what this dispatcher was told. */
interface Bell {
  notifications: { id: number; title: string; body: string; job_id: string | null; page: string | null; created_at: string; read_at: string | null }[];
  unread: number;
}

/** What dispatch was alerted of, behind a button that counts what is unread. */
export class BellDrawer {
  private readonly http: Http;
  private readonly openJob: (job_id: string) => void;
  private readonly openPage: (page: string) => void;
  private readonly button: HTMLButtonElement;
  private readonly drawer: Drawer<Bell>;

  constructor(http: Http, openJob: (job_id: string) => void, openPage: (page: string) => void, button: HTMLButtonElement) {
    this.http = http;
    this.openJob = openJob;
    this.openPage = openPage;
    this.button = button;
    this.drawer = new Drawer("bell", words.bell.title, () => http.get<Bell>("api/notifications"), (bell) => this.rows(bell));
    button.addEventListener("click", () => this.drawer.open());
    this.count(0);
  }

  /** The bell rang, or the connection is back: the count is right again. */
  refresh(): void {
    void this.drawer.refresh();
  }

  private count(unread: number): void {
    setText(this.button, words.bell.open(unread));
    this.button.classList.toggle("has-news", unread > 0);
  }

  private rows(bell: Bell): (Node | null)[] {
    this.count(bell.unread);
    if (bell.notifications.length === 0) return [h("p", { class: "muted" }, words.bell.none)];
    const readAll = (): void => void this.drawer.act(() => this.http.post("api/notifications/read-all", undefined));
    return [
      bell.unread > 0 ? button("read-all", words.bell.readAll, readAll) : null,
      h("ul", { class: "lines" }, ...bell.notifications.map((one) => this.row(one))),
    ];
  }

  private row(one: Bell["notifications"][number]): HTMLElement {
    const { job_id, page } = one;
    const leave = (where: () => void): void => {
      this.drawer.close();
      where();
    };
    return h(
      "li",
      { "data-unread": String(one.read_at === null) },
      h("strong", { class: "small" }, one.title),
      h("p", { class: "small said" }, one.body),
      h("p", { class: "small muted" }, moment(Date.parse(one.created_at), region)),
      h(
        "div",
        { class: "actions" },
        page !== null && button(`bell-page-${one.id}`, nav.open(page), () => leave(() => this.openPage(page))),
        job_id !== null && button(`bell-${one.id}`, words.sandbox.openJob, () => leave(() => this.openJob(job_id))),
      ),
    );
  }
}
