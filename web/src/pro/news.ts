import { byId, h } from "../lib/dom.ts";
import type { Store } from "./store.ts";
import { words } from "./words.ts";

interface Item {
  text: string;
  /** Stays until somebody has read it, also after a reload. */
  lasting: boolean;
}

/**
 * What just happened, above everything else. What went wrong with something the person did stays until
 * they have read it; the rest goes with the next news.
 */
export class News {
  private readonly list = byId("news");
  private readonly store: Store;
  private items: Item[] = [];

  constructor(store: Store) {
    this.store = store;
    void store.note<Item[]>("news").then((kept) => {
      this.items = [...(kept ?? []), ...this.items];
      this.render();
    });
  }

  /** Something passing; null takes the last one away. */
  tell(text: string | null): void {
    this.items = [...this.items.filter(({ lasting }) => lasting), ...(text === null ? [] : [{ text, lasting: false }])];
    this.render();
  }

  warn(text: string): void {
    this.items = [...this.items.filter((item) => item.text !== text), { text, lasting: true }];
    this.keep();
  }

  private dismiss(item: Item): void {
    this.items = this.items.filter((each) => each !== item);
    this.keep();
  }

  private keep(): void {
    void this.store.takeNote("news", this.items.filter(({ lasting }) => lasting));
    this.render();
  }

  private render(): void {
    const row = (item: Item): HTMLElement => {
      const close = h("button", { class: "button quiet", type: "button", click: () => this.dismiss(item) }, words.dismiss);
      return h("li", { class: item.lasting ? "notice notice-bad" : "notice notice-news" }, h("span", { class: "grow" }, item.text), close);
    };
    this.list.replaceChildren(...this.items.map(row));
  }
}
