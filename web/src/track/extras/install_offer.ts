/** Chrome's offer to keep the page on the home screen (not in the DOM's types: no other browser has it). */
interface InstallOffer extends Event {
  prompt(): Promise<unknown>;
}

let offer: InstallOffer | null = null;
let changed: () => void = () => undefined;

// It comes early, before the part of the page that shows it.
addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault(); // asked when the person wants it, not while they look for the van
  offer = event as InstallOffer;
  changed();
});
addEventListener("appinstalled", () => {
  offer = null;
  changed();
});

/** Asks the person; null while the browser offers nothing. `listener` hears when that changes. */
export function installOffer(listener: () => void): (() => void) | null {
  changed = listener;
  const current = offer;
  return current === null ? null : () => void current.prompt();
}
