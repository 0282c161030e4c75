import type { FilterKey } from "./board/filter.ts";

/**
 * Where a person is on the dispatch page, in the address's fragment: `#page=payouts&job=…`.
 *
 * It survives a reload and can be passed on; a fragment never reaches a server's log. Sign-in's `#token=`
 * is taken out before anything here is read.
 */

/**
 * `page`: which of the portal's pages; `job`: the open job; `view`: the board's saved view, and what it is narrowed to
 * otherwise; `pro`: whose statement; `sandbox`: a payment page of the sandbox leads here.
 */
export type Key = "page" | "job" | "view" | "pro" | "sandbox" | FilterKey;
export type Changes = Partial<Record<Key, string | null>>;

const listeners: (() => void)[] = [];

/** What a fragment says of a key; null: nothing. */
export function saidIn(fragment: string, key: Key): string | null {
  return new URLSearchParams(fragment.slice(1)).get(key) || null;
}

/** A fragment with some of it changed; null takes a key out. What else it says stays. */
export function changed(fragment: string, changes: Changes): string {
  const says = new URLSearchParams(fragment.slice(1));
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) says.delete(key);
    else says.set(key, value);
  }
  return `#${says.toString()}`;
}

/** What the page's address says of a key; null: nothing. */
export function said(key: Key): string | null {
  return saidIn(location.hash, key);
}

/** Says it in the address. `step`: the browser's Back button leads back to what was said before. */
export function say(changes: Changes, step: "step" | "same" = "same"): void {
  const fragment = changed(location.hash, changes);
  if (fragment === (location.hash || "#")) return;
  const address = fragment === "#" ? location.pathname + location.search : fragment;
  if (step === "step") history.pushState(history.state, "", address);
  else history.replaceState(history.state, "", address);
  for (const listener of listeners) listener();
}

/** Calls back whenever the address says something else: by `say`, by a link, by Back and Forward. */
export function onAddress(listener: () => void): void {
  listeners.push(listener);
  addEventListener("hashchange", listener);
}
