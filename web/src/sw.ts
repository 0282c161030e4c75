/**
 * The service worker: opens a page without a network, and shows pushes.
 *
 * It is registered once per page (`sw.js?page=pro`, scope `pro`). It keeps that page's files, which carry
 * the build's hash in their names, and nothing else: an answer of the API is never kept. A new build
 * waits until the page asks for it (lib/service_worker.ts), so that no page loads files of two builds.
 *
 * It stands alone: service workers that are modules are not known to every browser.
 */

interface Shell {
  /** Of the page itself, relative to the root. */
  address: string;
  /** The build. */
  version: string;
  files: string[];
}

/** `POST` by the push service: what `tracker/messages/web_push.py` sends. */
interface PushData {
  title: string;
  body: string;
  url: string;
  tag: string;
}

// The build fills these in (build/installable.ts).
declare const __SHELLS__: Record<string, Shell>;
declare const __BADGE__: string;

const worker = globalThis as unknown as ServiceWorkerGlobalScope;
const page = new URL(worker.location.href).searchParams.get("page") ?? "";
const root = new URL("./", worker.location.href);
const shell = __SHELLS__[page];
const address = new URL(shell?.address ?? "", root).href;
/** Where the page begins: a visit's page is the same file at the address of each link. */
const home = page === "track" ? worker.registration.scope : address;
/** Caches are the origin's: other pages and other installations on it have theirs. */
const family = `${root.pathname}${page}@`;
const cacheName = `${family}${shell?.version ?? ""}`;

worker.addEventListener("install", (event) => event.waitUntil(keepShell()));
worker.addEventListener("activate", (event) => event.waitUntil(dropOldShells().then(() => worker.clients.claim())));
worker.addEventListener("message", (event) => {
  if (event.data === "take over") void worker.skipWaiting();
});
worker.addEventListener("fetch", (event) => {
  const wanted = wantedOf(event.request);
  if (wanted !== null) event.respondWith(kept(wanted, event.request));
});
worker.addEventListener("push", (event) => event.waitUntil(show(event.data)));
worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(String((event.notification.data as { url?: string } | null)?.url ?? "")));
});

async function keepShell(): Promise<void> {
  if (shell === undefined) return;
  const cache = await caches.open(cacheName);
  const files = shell.files.map((file) => new Request(new URL(file, root)));
  // The page has no hash in its address: it must come from the server, not from the browser's own cache.
  await cache.addAll([new Request(address, { cache: "reload" }), ...files]);
}

async function dropOldShells(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(family) && name !== cacheName);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** Which kept address answers a request; null: it goes to the server as if there were no worker. */
function wantedOf(request: Request): string | null {
  if (shell === undefined || request.method !== "GET") return null;
  if (request.mode === "navigate") return address;
  const { origin, pathname } = new URL(request.url);
  const isOurs = origin === root.origin && pathname.startsWith(root.pathname);
  return isOurs && shell.files.includes(pathname.slice(root.pathname.length)) ? request.url : null;
}

async function kept(wanted: string, request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  return (await cache.match(wanted)) ?? fetch(request); // the browser may clear caches at any time
}

async function show(data: PushMessageData | null): Promise<void> {
  const push = readPush(data);
  await worker.registration.showNotification(push.title, {
    body: push.body,
    // The same message twice replaces itself on the screen.
    tag: push.tag,
    data: { url: push.url },
    badge: new URL(__BADGE__, root).href,
  });
}

/** A push that is none is shown all the same: browsers withdraw the right from who shows nothing. */
function readPush(data: PushMessageData | null): PushData {
  let given: Partial<Record<keyof PushData, unknown>> = {};
  try {
    given = (data?.json() ?? {}) as typeof given;
  } catch {
    // Not JSON: as empty as none.
  }
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  const url = text(given.url) || home;
  return { title: text(given.title) || "!", body: text(given.body), url, tag: text(given.tag) || "push" };
}

/** Brings the page to the front, or opens it. Only addresses of this installation are opened. */
async function open(url: string): Promise<void> {
  const target = url.startsWith(root.href) ? url : home;
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find((client) => client.url.split("#")[0] === target);
  if (there !== undefined) await there.focus();
  else await worker.clients.openWindow(target);
}
