import { byId, h, refill, show } from "../lib/dom.ts";
import type { Http, HttpProblem } from "../lib/http.ts";
import { changed, onAddress, said, say, type Changes } from "./address.ts";
import { button } from "./forms.ts";
import { nav as words } from "./words/nav.ts";

/** What a view may use of the portal around it. */
export interface Desk {
  readonly http: Http;
  /** Leaves the view for a job on the board. */
  openJob(job_id: string): void;
  openSandbox(): void;
  /** Something that the view cannot say itself: the server does not take the token any more. */
  trouble(problem: HttpProblem): void;
}

/** One page of the portal beside the board. */
export interface View {
  readonly element: HTMLElement;
  /** It came on the screen, the bell rang, or the connection is back: what it shows may be old. */
  refresh(): void;
}

/** Each view's code is loaded when somebody goes there. */
const VIEWS = {
  payouts: async (): Promise<Made> => (await import("./views/payouts.ts")).Payouts,
  figures: async (): Promise<Made> => (await import("./views/analytics.ts")).Analytics,
  outbox: async (): Promise<Made> => (await import("./views/outbox.ts")).Outbox,
};
type Made = new (desk: Desk) => View;
type Name = keyof typeof VIEWS;
const NAMES = Object.keys(VIEWS) as Name[];

/** The portal's pages: the board, which is always there, and one view at a time in its place. */
export class Nav {
  private readonly desk: Desk;
  private readonly boardShown: () => void;
  private readonly board = byId("board");
  private readonly place = byId("view");
  private readonly links = new Map<Name | null, HTMLAnchorElement>();
  private readonly opened = new Map<Name, View>();
  private current: Name | null | undefined;

  /** `boardShown` is called when the board comes back on the screen: a map without a size cannot draw. */
  constructor(desk: Desk, boardShown: () => void) {
    this.desk = desk;
    this.boardShown = boardShown;
    const links = [null, ...NAMES].map((name) => this.link(name));
    byId("pages").setAttribute("aria-label", words.label);
    byId("pages").replaceChildren(h("ul", {}, ...links.map((link) => h("li", {}, link))));
    onAddress(() => this.follow());
    this.follow();
  }

  /** Something happened that may have changed what a view shows. */
  refresh(): void {
    if (this.current) this.opened.get(this.current)?.refresh();
  }

  /** Goes to a page, as a click on its link does; null is the board. */
  goTo(name: string | null): void {
    say(toPage(name), "step");
  }

  private link(name: Name | null): HTMLAnchorElement {
    const link = h("a", { "data-page": name ?? "jobs" }, words[name ?? "jobs"]);
    this.links.set(name, link);
    return link;
  }

  /** Shows the page that the address names; one that is none is the board. */
  private follow(): void {
    const page = said("page");
    const name = NAMES.find((one) => one === page) ?? null;
    for (const [target, link] of this.links) {
      link.href = changed(location.hash, toPage(target));
      if (target === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (name === this.current) return;
    const first = this.current === undefined;
    this.current = name;
    document.title = words.title(words[name ?? "jobs"]);
    show(this.board, name === null);
    show(this.place, name !== null);
    scrollTo(0, 0);
    if (name !== null) void this.open(name, first);
    else if (!first) this.boardShown();
  }

  private async open(name: Name, first: boolean): Promise<void> {
    if (!this.opened.has(name)) {
      refill(this.place, h("p", { class: "muted view-wait", role: "status" }, words.loading));
      let Made: Made;
      try {
        Made = await VIEWS[name]();
      } catch {
        return this.notLoaded(name); // the network, or a newer release took the file away
      }
      if (!this.opened.has(name)) this.opened.set(name, new Made(this.desk));
    }
    if (this.current !== name) return; // somebody went on meanwhile
    const view = this.opened.get(name);
    if (view === undefined) return;
    refill(this.place, view.element);
    view.refresh();
    if (!first) view.element.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
  }

  private notLoaded(name: Name): void {
    if (this.current !== name) return;
    const reload = button("again", words.again, () => location.reload());
    refill(this.place, h("div", { class: "page" }, h("p", { class: "notice notice-bad", role: "alert" }, words.notLoaded), h("p", {}, reload)));
  }
}

/** To a page as it begins: whose statement was read is left behind, an open job stays open. */
function toPage(name: string | null): Changes {
  return { page: name, pro: null };
}
