import { byId, h, icon, setText, show } from "../lib/dom.ts";
import { words } from "./words.ts";

const TABS = ["today", "feed", "earnings", "me"] as const;
export type TabName = (typeof TABS)[number];

/** Path data of our own, on a canvas of 24. */
const ICONS: Record<TabName, string> = {
  today: "M7 3v2H4v16h16V5h-3V3h-2v2H9V3Zm-1 7h12v9H6Zm2 2v2h8v-2Z",
  feed: "M10.5 3a7.5 7.5 0 1 0 4.6 13.4l4.7 4.7 1.4-1.4-4.7-4.7A7.5 7.5 0 0 0 10.5 3Zm0 2a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11Z",
  earnings: "M4 5h15a1 1 0 0 1 1 1v2h1v9h-1v2a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1Zm1 2v11h13v-1h-6V8h6V7Zm9 3v5h5v-5Zm1 1.5h2v2h-2Z",
  me: "M12 3a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9Zm0 2a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Zm0 8.5c4.6 0 8 2.4 8 5.5v2H4v-2c0-3.1 3.4-5.5 8-5.5Z",
};

/** The sections of the page, of which one is shown. The phone's back button leads to the one before. */
export class Tabs {
  private readonly buttons = new Map<TabName, { button: HTMLButtonElement; label: HTMLElement }>();
  private readonly opened: (tab: TabName) => void;
  current: TabName = "today";

  /** `opened` is called whenever one is shown: what it shows may be old. */
  constructor(opened: (tab: TabName) => void) {
    this.opened = opened;
    for (const name of TABS) {
      const label = h("span", {}, words.tab[name]);
      const button = h("button", { type: "button", "data-tab": name, click: () => this.choose(name) }, icon(ICONS[name]), label);
      this.buttons.set(name, { button, label });
    }
    byId("tabs").replaceChildren(...[...this.buttons.values()].map(({ button }) => button));
    addEventListener("popstate", (event) => this.show(tabOf(event.state)));
    this.show(tabOf(history.state));
  }

  choose(name: TabName): void {
    if (name === this.current) return scrollTo({ top: 0 });
    history.pushState({ tab: name }, "");
    this.show(name);
  }

  /** How much there is in a section, beside its name. */
  count(name: TabName, count: number): void {
    const found = this.buttons.get(name);
    if (found) setText(found.label, words.tabCount(words.tab[name], count));
  }

  private show(name: TabName): void {
    this.current = name;
    document.body.dataset["tab"] = name;
    for (const each of TABS) {
      show(byId(`view-${each}`), each === name);
      const button = this.buttons.get(each)?.button;
      if (each === name) button?.setAttribute("aria-current", "page");
      else button?.removeAttribute("aria-current");
    }
    scrollTo({ top: 0 });
    this.opened(name);
  }
}

function tabOf(state: unknown): TabName {
  const tab = (state as { tab?: unknown } | null)?.tab;
  return TABS.find((name) => name === tab) ?? "today";
}
