import { forget, recall, remember } from "./memory.ts";

/**
 * The signed-in person's token: handed over in the address's fragment (which never reaches a server
 * log), kept for this tab, and removed from the address so that it is not shared or bookmarked.
 *
 * An installed app begins without an address that somebody sent: its token is kept on the device.
 */
const KEY = "tracker.token";
const tab = (): Storage => sessionStorage;
const device = (): Storage => localStorage;

export function takeToken(keep: "tab" | "device" = "tab"): string | null {
  addEventListener("hashchange", () => {
    if (tokenIn(location.hash) !== null) location.reload(); // another sign-in link, opened in this tab
  });
  const kept = keep === "tab" ? tab : device;
  const given = tokenIn(location.hash);
  if (given === null) return recall(tab, KEY) ?? recall(kept, KEY);
  history.replaceState(history.state, "", location.pathname + location.search + withoutToken(location.hash));
  remember(tab, KEY, given); // the word of this tab comes first: two people may test on one device
  remember(kept, KEY, given);
  return given;
}

/** The token of a sign-in link, or of its fragment; null when there is none. */
export function tokenIn(link: string): string | null {
  return new URLSearchParams(link.slice(link.indexOf("#") + 1)).get("token") || null;
}

/** A fragment without the token; what else it says stays: which page a link leads to. */
export function withoutToken(fragment: string): string {
  const says = new URLSearchParams(fragment.slice(1));
  says.delete("token");
  const rest = says.toString();
  return rest === "" ? "" : `#${rest}`;
}

/** The server does not take the token (any more): begin anew without it, with everything stopped. */
export function signOut(): void {
  const refused = recall(tab, KEY);
  forget(tab, KEY);
  // Another tab may have signed in anew meanwhile.
  if (refused === null || recall(device, KEY) === refused) forget(device, KEY);
  location.reload();
}

/**
 * Whose token it is (the JWT's `sub`), to keep people's waiting data apart on a shared device.
 * Only the server decides whether a token is good.
 */
export function subjectOf(token: string): string {
  try {
    const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const { sub } = JSON.parse(atob(payload)) as { sub?: unknown };
    return typeof sub === "string" ? sub : "nobody";
  } catch {
    return "nobody";
  }
}
