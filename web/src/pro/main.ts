import { Http } from "../lib/http.ts";
import { Live } from "../lib/live.ts";
import { LINK, lonePage } from "../lib/lone_page.ts";
import { recall, remember } from "../lib/memory.ts";
import { rootOf } from "../lib/root.ts";
import { everySecond } from "../lib/tick.ts";
import { signOut, subjectOf, takeToken } from "../lib/token.ts";
import { mapSettings } from "../map/settings.ts";
import { Board } from "./board.ts";
import { Queue } from "./queue.ts";
import { Sender } from "./sender.ts";
import { Sharing } from "./sharing.ts";
import { SharingPanel } from "./sharing_panel.ts";
import { Store } from "./store.ts";
import { words } from "./words.ts";

/** Jobs change rarely and say so over the socket; this is for when that was missed. */
const REFRESH_MS = 60_000;
/** The server's map begins this close only when all its jobs are in one city. */
const CITY_ZOOM = 9;
/** Whether this device shared when it was last used. */
const WISH = "tracker.sharing";
const device = (): Storage => localStorage;

const token = takeToken();
if (token === null) lonePage(words.signedOut.title, words.signedOut.more, LINK);
else open(token);

function open(token: string): void {
  const root = rootOf(location.pathname);
  const http = new Http(root, token);
  const queue = new Queue(new Store(subjectOf(token)));
  const live = new Live(root, { token }, { state: linked, event: heard });
  const sender = new Sender(live, http, queue, render);
  const sharing = new Sharing(sender, render);
  const board = new Board(http, live, () => sharing.latest);
  const panel = new SharingPanel(toggle);

  void queue.restore().then(() => sender.flush());
  void begin();
  if (recall(device, WISH) === "on") sharing.start();
  everySecond(render);
  setInterval(() => void board.refresh(), REFRESH_MS);
  render();

  async function begin(): Promise<void> {
    const [settings] = await Promise.all([mapSettings(http), board.refresh()]);
    const [lat, lng] = settings.center;
    if (settings.zoom >= CITY_ZOOM) board.city = { lat, lng };
    await board.lookAround();
  }

  function linked(): void {
    if (live.state === "refused") return signOut();
    if (live.state !== "up") return render();
    sender.hurry();
    void board.refresh();
    void board.lookAround();
  }

  function heard(name: string, data: unknown): void {
    if (name === "policy") sender.take(data);
    else board.event(name, data);
  }

  function toggle(): void {
    if (sharing.running) sharing.stop();
    else sharing.start();
    remember(device, WISH, sharing.running ? "on" : "off");
    render();
  }

  function render(): void {
    panel.render(sharing, sender, queue);
    board.moved();
  }
}
