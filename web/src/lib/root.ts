/**
 * The address of the application's root folder, ending in "/", derived from a page's own path.
 *
 * The pages are served at `{root}pro`, `{root}dispatch` and `{root}track/{link}`, wherever that is.
 */
export function rootOf(pathname: string): string {
  const match = /^(.*?\/)(?:track\/[^/]*|track|pro|dispatch)(?:\.html)?\/?$/.exec(pathname);
  return match?.[1] ?? pathname.replace(/[^/]*$/, "");
}

/** The link of a tracking page: the last part of `{root}track/{link}`; empty when there is none. */
export function linkOf(pathname: string): string {
  const match = /\/track\/([^/]+)\/?$/.exec(pathname);
  return match?.[1] ? decodeLink(match[1]) : "";
}

function decodeLink(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray "%" is not a link we made: the server will say so
  }
}
