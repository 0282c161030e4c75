import { byId, h, icon, refill } from "../lib/dom.ts";
import { moment } from "../lib/format.ts";
import { HttpProblem, type Http } from "../lib/http.ts";
import { region } from "../lib/region.ts";
import { plainly } from "./plain.ts";
import { Sheet } from "./sheet.ts";
import { words } from "./words.ts";

/** `GET /api/notifications`: what this person was told. */
interface Told {
  notifications: { id: number; title: string; body: string; created_at: string; read_at: string | null }[];
  unread: number;
}

const BELL = "M12 3a6 6 0 0 1 6 6v4.6l1.8 2.7V18H4.2v-1.7L6 13.6V9a6 6 0 0 1 6-6Zm-2.2 16.2h4.4a2.2 2.2 0 0 1-4.4 0Z";

/** What the pro was told, behind a button that counts what is unread. */
export class Bell {
  private readonly http: Http;
  private readonly button = byId<HTMLButtonElement>("bell");
  private readonly badge = h("span", { class: "badge", "aria-hidden": "true", hidden: true });
  private readonly sheet = new Sheet("messages", words.bell.title);
  private busy = false;

  constructor(http: Http) {
    this.http = http;
    this.button.append(icon(BELL), this.badge);
    this.button.addEventListener("click", () => {
      this.sheet.open();
      void this.refresh();
    });
    this.count(0);
  }

  async refresh(): Promise<void> {
    try {
      const told = await this.http.get<Told>("api/notifications");
      this.count(told.unread);
      if (this.sheet.isOpen) this.draw(told);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      if (this.sheet.isOpen) refill(this.sheet.body, h("p", { class: "notice", role: "status" }, words.notDone(plainly(error))));
    }
  }

  count(unread: number): void {
    this.button.setAttribute("aria-label", words.bell.open(unread));
    this.badge.hidden = unread === 0;
    this.badge.textContent = unread > 99 ? "99+" : String(unread);
  }

  private draw({ notifications, unread }: Told): void {
    const readAll = h("button", { class: "button", type: "button", "data-key": "read-all", click: () => void this.readAll() }, words.bell.readAll);
    const rows = notifications.map((one) =>
      h(
        "li",
        { "data-unread": String(one.read_at === null) },
        h("strong", {}, one.title),
        h("p", {}, one.body),
        h("p", { class: "small muted" }, moment(Date.parse(one.created_at), region)),
      ),
    );
    const none = h("p", { class: "muted" }, words.bell.none);
    refill(this.sheet.body, unread > 0 && readAll, rows.length === 0 ? none : h("ul", { class: "lines" }, ...rows));
  }

  private async readAll(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await this.http.post("api/notifications/read-all", undefined);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error; // the count below says that nothing changed
    } finally {
      this.busy = false;
    }
    await this.refresh();
  }
}
