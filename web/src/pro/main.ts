import { Http, HttpProblem } from "../lib/http.ts";
import { writeFixedWords } from "../lib/language.ts";
import { Live } from "../lib/live.ts";
import { PushSwitch } from "../lib/push.ts";
import { rootOf } from "../lib/root.ts";
import { registerWorker } from "../lib/service_worker.ts";
import { everySecond } from "../lib/tick.ts";
import { signOut, subjectOf, takeToken } from "../lib/token.ts";
import type { Place } from "../lib/wire.ts";
import { mapSettings } from "../map/settings.ts";
import { Bell } from "./bell.ts";
import { aloneAs, Carrier } from "./carrier.ts";
import { Demo } from "./demo.ts";
import { DevicePart } from "./device_part.ts";
import { Duty } from "./duty.ts";
import { Earnings } from "./earnings.ts";
import { Errands, errandsIn, type Spot } from "./errands.ts";
import { Evidence } from "./evidence.ts";
import { Feed } from "./feed.ts";
import { AboutMe } from "./me.ts";
import { News } from "./news.ts";
import { offerUpdate } from "./offer_update.ts";
import { plainly, refusalOf } from "./plain.ts";
import { positionsIn, Queue } from "./queue.ts";
import { Sender } from "./sender.ts";
import { Sharing } from "./sharing.ts";
import { SharingPanel } from "./sharing_panel.ts";
import { signedOutPage } from "./signed_out.ts";
import { Store } from "./store.ts";
import { Tabs, type TabName } from "./tabs.ts";
import { Today } from "./today.ts";
import { words } from "./words.ts";

/** The pro's app: what belongs to whom, and what causes what. */

/** Jobs change rarely and say so over the socket; this is for when that was missed. */
const REFRESH_MS = 60_000;
/** The server's map begins this close only when all its jobs are in one city. */
const CITY_ZOOM = 9;

writeFixedWords(words.fixed);
document.title = words.fixed["title"] ?? "";
const root = rootOf(location.pathname);
const worker = registerWorker(root, "pro", offerUpdate, () => document.querySelector("dialog[open]") === null);
const token = takeToken("device");
if (token === null) signedOutPage();
else open(token);

function open(token: string): void {
  const person = subjectOf(token);
  const http = new Http(root, token);
  const store = new Store(person);
  const news = new News(store);
  const queue = new Queue(positionsIn(store));
  const errands = new Errands(errandsIn(store));
  const live = new Live(root, { token }, { state: linked, event: heard });
  const sender = new Sender(live, http, queue, render);
  const sharing = new Sharing(sender, render);
  const carrier = new Carrier(errands, http, aloneAs(person), {
    done: (errand, version) => {
      today.done(errand, version);
      void refresh();
    },
    refused: (errand, problem, others) => {
      news.warn(refusalOf(errand, problem, others));
      void refresh();
    },
    signedOut: signOut,
    changed: render,
  });
  const spot = (): Spot | null => sharing.latest;
  const demo = new Demo(http, (gps) => {
    sharing.use(gps);
    if (gps !== null && duty.on) duty.share(); // nobody need be asked for a location that is made up
  });
  const evidence = new Evidence(http, errands, spot, { added, changed: () => today.render(), warn: (text) => news.warn(text) });
  const today: Today = new Today(http, store, errands, evidence, spot, {
    added,
    setOff: () => {
      if (!duty.on) duty.go(true);
      else if (!sharing.running) duty.share();
    },
    find: () => tabs.choose("feed"),
    samplePhoto: () => demo.samplePhoto,
  });
  const settings = mapSettings(http);
  let city: Place | null = null;
  const feed = new Feed(http, live, settings, {
    here: () => sharing.latest ?? today.place ?? city,
    tell: (text) => news.tell(text),
    claimed: (won) => {
      if (won) tabs.choose("today");
      void refresh();
    },
    count: (offers) => tabs.count("feed", offers),
    trouble,
  });
  const bell = new Bell(http);
  const duty = new Duty(http, sharing, render);
  const about = new AboutMe(http, (me) => {
    duty.learn(me);
    demo.learn(me);
  });
  const earnings = new Earnings(http);
  const device = new DevicePart(new PushSwitch(http, worker, person), leave);
  const tabs: Tabs = new Tabs(opened);
  const panel = new SharingPanel(toggleDuty, () => duty.share());

  void demo.ready().then(() => duty.resume());
  void begin();
  everySecond(render);
  setInterval(() => void refresh(), REFRESH_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void refresh();
  });
  addEventListener("online", () => carrier.hurry());

  async function begin(): Promise<void> {
    await Promise.all([queue.restore(), errands.restore()]);
    await today.restore();
    void sender.flush();
    carrier.hurry();
    const [{ center, zoom }] = await Promise.all([settings, refresh()]);
    if (zoom >= CITY_ZOOM) city = { lat: center[0], lng: center[1] };
    await feed.lookAround();
  }

  function linked(): void {
    if (live.state === "refused") return signOut();
    if (live.state !== "up") return render();
    sender.hurry();
    carrier.hurry();
    void duty.tell();
    void refresh();
    void feed.lookAround();
  }

  function heard(name: string, data: unknown): void {
    if (name === "policy") sender.take(data);
    else if (name === "arrival_suggested") today.suggestArrival((data as { job_id: string }).job_id);
    else if (name === "notification") {
      bell.count((data as { unread: number }).unread);
      void refresh();
    } else feed.event(name, data);
  }

  /** What the server knows of this pro. Without a network what was known stays. */
  async function refresh(): Promise<void> {
    try {
      await Promise.all([today.refresh(), about.refreshMe()]);
      void bell.refresh();
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      if (!error.retry) trouble(error);
    }
    render();
  }

  function trouble(problem: HttpProblem): void {
    if (problem.status === 401) signOut();
    else news.tell(words.notDone(plainly(problem)));
  }

  /** There is something new to carry out. */
  function added(): void {
    carrier.hurry();
    // Browsers clear what is stored when they need room, unless they were asked not to.
    void navigator.storage?.persist?.().catch(() => false);
    render();
  }

  function opened(tab: TabName): void {
    if (tab === "feed") void feed.lookAround();
    if (tab === "earnings") void earnings.refresh();
    if (tab === "me") {
      void about.refreshReviews();
      void device.refresh();
    }
  }

  function toggleDuty(): void {
    if (duty.on && today.isUnderWay && !confirm(words.sureOff)) return;
    duty.go(!duty.on);
  }

  function leave(): void {
    if (!confirm(words.me.sureSignOut(errands.all.length + queue.length))) return;
    sharing.stop();
    // What was known of customers goes; what waits to be sent stays for the next sign-in.
    void store.takeNote("jobs", null).then(signOut);
  }

  function render(): void {
    panel.render({ duty, sharing, sender, queue, errands });
    today.render();
    demo.headFor(today.isUnderWay ? today.place : null);
    tabs.count("today", today.jobs.length);
    feed.moved();
  }
}
