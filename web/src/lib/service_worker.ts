import { linkOf } from "./root.ts";

/**
 * Registers the service worker of a page, and takes over a new build when that disturbs nobody.
 *
 * A new build is loaded in the background and waits. It takes over when the page is opened, when it is
 * hidden, or when the person says so; the page is then loaded anew. `mayReload` says whether somebody is
 * in the middle of something.
 */
export async function registerWorker(
  root: string,
  page: "pro" | "track" | "dispatch",
  waiting: (takeOver: () => void) => void = () => undefined,
  mayReload: () => boolean = () => true,
): Promise<ServiceWorkerRegistration | null> {
  if (!("serviceWorker" in navigator)) return null; // not on a secure address, or an old browser
  const { serviceWorker } = navigator;
  let registration: ServiceWorkerRegistration;
  try {
    const scope = root + (page === "track" ? `track/${encodeURIComponent(linkOf(location.pathname))}` : page);
    registration = await serviceWorker.register(`${root}sw.js?page=${page}`, { scope });
  } catch {
    return null; // blocked by the person's settings: the page works, only not without a network
  }
  let reloading = false;
  const takeOver = (): void => {
    if (registration.waiting === null || reloading) return;
    reloading = true;
    serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    registration.waiting.postMessage("take over");
  };
  const ready = (): void => {
    // Without a controller this is the first worker ever: it takes over by itself.
    if (registration.waiting === null || serviceWorker.controller === null) return;
    if (document.visibilityState === "hidden" && mayReload()) takeOver();
    else waiting(takeOver);
  };
  if (registration.waiting !== null && serviceWorker.controller !== null) takeOver();
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", ready);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") ready();
    else void registration.update().catch(() => undefined); // no network: there is nothing new to learn
  });
  return registration;
}
