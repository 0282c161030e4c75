import { forget, recall, remember } from "./memory.ts";

/**
 * The signed-in person's token: handed over in the address's fragment (which never reaches a server
 * log), kept for this tab, and removed from the address so that it is not shared or bookmarked.
 */
const KEY = "tracker.token";
const tab = (): Storage => sessionStorage;

export function takeToken(): string | null {
  addEventListener("hashchange", () => location.reload()); // another sign-in link, opened in this tab
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given === null || given === "") return recall(tab, KEY);
  history.replaceState(history.state, "", location.pathname + location.search);
  remember(tab, KEY, given);
  return given;
}

/** The server does not take the token (any more): begin anew without it, with everything stopped. */
export function signOut(): void {
  forget(tab, KEY);
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
