import { serverNow } from "../lib/clock.ts";
import { signalOf, type Signal } from "../lib/contact.ts";
import { byId } from "../lib/dom.ts";
import { Http } from "../lib/http.ts";
import type { JobView } from "../lib/job_view.ts";
import { Live, type LinkState } from "../lib/live.ts";
import { linkOf, rootOf } from "../lib/root.ts";
import { isOver, stepOf } from "../lib/status.ts";
import { everySecond } from "../lib/tick.ts";
import { Watch } from "../lib/watch.ts";
import type { MapSettings } from "../lib/wire.ts";
import { mapSettings } from "../map/settings.ts";
import { Card } from "./card.ts";
import { showEnded, showInactive } from "./ending.ts";
import type { FollowMap } from "./follow_map.ts";
import { words } from "./words.ts";

/** The customer's page: words first, the map when it is there. */

/** A deploy or a change of network takes about this long: nothing that a person need be told of. */
const BLINK_MS = 3_000;

type MapParts = [typeof import("./follow_map.ts"), MapSettings];

const root = rootOf(location.pathname);
const http = new Http(root);
const card = new Card();
let map: FollowMap | null = null;
let mapAsked = false;
let lastSignal: Signal | null = null;
let over = false;
let down_since_ms: number | null = null;

document.title = words.title;
byId("map").setAttribute("aria-label", words.map);

const live = new Live(
  root,
  { link: linkOf(location.pathname) },
  {
    state: (state, refusal) => linked(state, refusal !== null),
    event: (name, data) => watch.event(name, data),
  },
);
const watch = new Watch(live, null, { changed, refused: () => end(showInactive) });
everySecond(render);
addEventListener("online", render);
addEventListener("offline", render);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") watch.prove();
});

function linked(state: LinkState, refused: boolean): void {
  if (refused) return end(showInactive);
  down_since_ms = state === "down" ? Date.now() : null;
  if (state === "up") watch.connected();
  render();
}

function changed(view: JobView): void {
  if (isOver(view.job.status)) return end(() => showEnded(view.job, new Http(root, linkOf(location.pathname), "Link")));
  render();
  map?.show(view, lastSignal === "live");
  if (!mapAsked) void drawMap();
}

function render(): void {
  if (over) return;
  const signal = currentSignal(watch.view);
  card.render(watch.view, signal);
  if (signal !== lastSignal && watch.view) map?.show(watch.view, signal === "live");
  lastSignal = signal;
}

function currentSignal(view: JobView | null): Signal {
  return signalOf({
    online: navigator.onLine,
    connected: down_since_ms === null || Date.now() - down_since_ms < BLINK_MS,
    visible: view !== null && stepOf(view.job.status) !== "booked",
    contact: view?.contact ?? null,
    last_seen_ms: view?.last_seen_ms ?? null,
    next_in_s: view?.position?.next_in_s ?? null,
    now_ms: serverNow(),
  });
}

/** The map is the heavy half of the page, so it is drawn when the words are on the screen. */
async function drawMap(): Promise<void> {
  mapAsked = true;
  const [loaded] = await Promise.all([mapParts(), new Promise(requestAnimationFrame)]);
  if (loaded === null) mapAsked = false; // the network failed: the next change tries again
  if (loaded === null || over || !watch.view) return;
  const [{ FollowMap }, settings] = loaded;
  map = new FollowMap(http, settings, watch.view);
  map.show(watch.view, lastSignal === "live");
}

/** The map's code and settings; null when they cannot be had now. */
function mapParts(): Promise<MapParts | null> {
  return Promise.all([import("./follow_map.ts"), mapSettings(http)]).catch(() => null);
}

function end(page: () => void): void {
  if (over) return;
  over = true;
  watch.stop();
  live.close();
  page();
}
