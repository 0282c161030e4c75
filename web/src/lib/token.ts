/**
 * The signed-in person's token: handed over in the address's fragment (which never reaches a server
 * log), kept for this tab, and removed from the address so that it is not shared or bookmarked.
 */
const KEY = "tracker.token";

export function takeToken(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    history.replaceState(history.state, "", location.pathname + location.search);
    try {
      sessionStorage.setItem(KEY, given);
    } catch {
      // Storage is blocked: the token lives as long as the page.
    }
    return given;
  }
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
