import "./extras/install_offer.ts";
import { serverNow } from "../lib/clock.ts";
import { signalOf, type Signal } from "../lib/contact.ts";
import { byId } from "../lib/dom.ts";
import { firstGlance } from "../lib/first_glance.ts";
import { Http } from "../lib/http.ts";
import { viewOf, type JobView } from "../lib/job_view.ts";
import { writeFixedWords } from "../lib/language.ts";
import { Live, type LinkState } from "../lib/live.ts";
import { linkOf, rootOf } from "../lib/root.ts";
import { isOver, stepOf } from "../lib/status.ts";
import { everySecond } from "../lib/tick.ts";
import { Watch } from "../lib/watch.ts";
import type { MapSettings } from "../lib/wire.ts";
import { mapSettings } from "../map/settings.ts";
import type { AfterPage } from "./after/page.ts";
import { Card } from "./card.ts";
import { showInactive, showOver } from "./ending.ts";
import type { FollowMap } from "./follow_map.ts";
import { LastKnown } from "./last_known.ts";
import { words } from "./words/visit.ts";

/** The customer's page: words first, the map when it is there, the rest when nobody waits for it. */

/** A deploy or a change of network takes about this long: nothing that a person need be told of. */
const BLINK_MS = 3_000;
/** A slow network takes so long for the first word; then it is said that there is none. */
const FIRST_WORD_MS = 8_000;
/** The parts that are not looked at first are loaded so long after the first words. */
const EXTRAS_AFTER_MS = 2_000;

type MapParts = [typeof import("./follow_map.ts"), MapSettings];

writeFixedWords(words.fixed);
byId("map").setAttribute("aria-label", words.map);

const root = rootOf(location.pathname);
const link = linkOf(location.pathname);
const http = new Http(root, link, "Link");
const known = new LastKnown(link);
const card = new Card(root);
let map: FollowMap | null = null;
let drawing = false;
let after: AfterPage | null = null;
let afterAsked = false;
let extrasAsked = false;
let lastSignal: Signal | null = null;
let ended = false;
let over = false;
/** Whether the server has spoken since the page was opened. */
let fresh = false;
let known_ms = 0;
let down_since_ms: number | null = null;

const live = new Live(
  root,
  { link },
  {
    state: (state, refusal) => linked(state, refusal !== null),
    event: (name, data) => watch.event(name, data),
  },
);
const watch = new Watch(live, null, { changed, refused: () => end(showInactive) });
// While the socket shakes hands the network has nothing else to do: the map's half of the page comes meanwhile.
let parts: Promise<MapParts | null> | null = mapParts();
restore();
void glance();
everySecond(render);
addEventListener("online", render);
addEventListener("offline", render);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") watch.prove();
});

/** What this browser knew when the page was last open, until the server says more. */
function restore(): void {
  const before = known.read();
  if (before === null) return;
  watch.view = before.view;
  known_ms = before.at_ms;
  show(before.view);
}

/** What the page's markup asked for is here before the socket has shaken hands. */
async function glance(): Promise<void> {
  const seen = await firstGlance();
  if (seen === "refused") return end(showInactive);
  if (seen === "unknown" || fresh || ended) return;
  watch.view = viewOf(seen.snapshot, watch.view);
  changed(watch.view);
}

function linked(state: LinkState, refused: boolean): void {
  if (refused) return end(showInactive);
  down_since_ms = state === "down" ? Date.now() : null;
  if (state === "up") watch.connected();
  render();
}

function changed(view: JobView): void {
  if (ended) return;
  fresh = true;
  known_ms = serverNow();
  known.keepVisit(view);
  show(view);
}

function show(view: JobView): void {
  if (isOver(view.job.status)) return showEnd(view);
  render();
  map?.show(view, lastSignal === "live");
  if (!fresh) return; // a map of what was is drawn when there are streets to draw it on
  void drawMap();
  void loadExtras(view);
  if (stepOf(view.job.status) === "working") import("./after/page.ts").catch(() => undefined); // it comes next
}

function render(): void {
  if (ended || over) return;
  const signal = currentSignal(watch.view);
  if (fresh && signal !== "offline" && signal !== "unreachable") known_ms = serverNow();
  card.render(watch.view, signal, known_ms);
  if (signal !== lastSignal && watch.view) map?.show(watch.view, signal === "live");
  lastSignal = signal;
}

function currentSignal(view: JobView | null): Signal {
  return signalOf({
    online: navigator.onLine,
    connected: isConnected(),
    visible: view !== null && stepOf(view.job.status) !== "booked",
    contact: view?.contact ?? null,
    last_seen_ms: view?.last_seen_ms ?? null,
    next_in_s: view?.position?.next_in_s ?? null,
    now_ms: serverNow(),
  });
}

/** A short blink counts as connected; what was only remembered does not, until the server has confirmed it. */
function isConnected(): boolean {
  // The first glance comes without the socket: words that it brought do not mean that more will follow.
  if (!fresh || live.state === "connecting") {
    return performance.now() < (fresh || watch.view === null ? FIRST_WORD_MS : BLINK_MS);
  }
  return down_since_ms === null || Date.now() - down_since_ms < BLINK_MS;
}

/** The map is the heavy half of the page, so it is drawn when the words are on the screen. */
async function drawMap(): Promise<void> {
  if (map !== null || drawing) return;
  drawing = true;
  parts ??= mapParts();
  const [loaded] = await Promise.all([parts, new Promise(requestAnimationFrame)]);
  drawing = false;
  if (loaded === null) parts = null; // the network failed: the next change tries again
  if (loaded === null || ended || over || !watch.view) return;
  const [{ FollowMap }, settings] = loaded;
  map = new FollowMap(new Http(root), settings, watch.view);
  map.show(watch.view, lastSignal === "live");
}

/** The map's code and settings; null when they cannot be had now. */
function mapParts(): Promise<MapParts | null> {
  return Promise.all([import("./follow_map.ts"), mapSettings(new Http(root))]).catch(() => null);
}

/** Passing on, notifications and the home screen: not for somebody with whom the visit was shared. */
async function loadExtras(view: JobView): Promise<void> {
  if (extrasAsked || view.shared) return;
  extrasAsked = true;
  await new Promise((resolve) => setTimeout(resolve, EXTRAS_AFTER_MS));
  try {
    const { startExtras } = await import("./extras/start.ts");
    if (!ended) startExtras(http, link, view.job.id, over);
  } catch {
    extrasAsked = false;
  }
}

/** The visit is over: one sentence at once; for its customer the receipt and what they may still do. */
function showEnd(view: JobView): void {
  if (after !== null) return after.changed(view);
  if (!over) showOver(view);
  over = true;
  if (view.shared) {
    known.forget();
    stop();
  } else if (!afterAsked) {
    void openAfter();
  }
}

async function openAfter(): Promise<void> {
  afterAsked = true;
  try {
    const { AfterPage } = await import("./after/page.ts");
    if (ended || watch.view === null) return;
    after = new AfterPage(root, http, known, watch.view);
    if (fresh) void loadExtras(watch.view);
  } catch {
    afterAsked = false; // the network failed: the next change tries again
  }
}

function end(page: () => void): void {
  if (ended) return;
  known.forget();
  stop();
  page();
}

function stop(): void {
  ended = true;
  watch.stop();
  live.close();
}
