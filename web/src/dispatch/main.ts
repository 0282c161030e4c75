import { byId, h, setText, show } from "../lib/dom.ts";
import { Http, HttpProblem } from "../lib/http.ts";
import type { Job } from "../lib/job.ts";
import { writeFixedWords } from "../lib/language.ts";
import { Live } from "../lib/live.ts";
import { LINK, lonePage } from "../lib/lone_page.ts";
import { learnProblems } from "../lib/problems.ts";
import { rootOf } from "../lib/root.ts";
import { everySecond } from "../lib/tick.ts";
import { signOut, takeToken } from "../lib/token.ts";
import { baseMap } from "../map/base_map.ts";
import { mapSettings } from "../map/settings.ts";
import { onAddress, said, say } from "./address.ts";
import { BellDrawer } from "./bell_drawer.ts";
import { Board } from "./board/board.ts";
import { offerSwitch } from "./board/switch.ts";
import { BoardStore } from "./board_store.ts";
import type { FleetTick } from "./fleet/pros.ts";
import { FleetMap } from "./fleet_map.ts";
import type { JobPanel } from "./job/panel.ts";
import { Nav } from "./nav.ts";
import { Notice } from "./notice.ts";
import { orderForm } from "./order_form.ts";
import { SandboxDrawer } from "./sandbox_drawer.ts";
import { words } from "./words.ts";
import { problems } from "./words/problems.ts";

/** What nobody tells of, as what a sandbox keeps, is read again this often. */
const REFRESH_MS = 15_000;

const notice = new Notice();
const token = takeToken();
writeFixedWords(words.fixed);
learnProblems(problems);
if (token === null) lonePage(words.signedOut.title, words.signedOut.more, LINK);
else void open(token);

async function open(token: string): Promise<void> {
  const root = rootOf(location.pathname);
  const http = new Http(root, token);
  show(byId("board"), said("page") === null); // the map takes a moment
  const store = new BoardStore(http, trouble);
  const board = new Board(http, store, openJob, trouble);
  store.refresh(); // the jobs need no map and no connection
  byId("map").setAttribute("aria-label", words.map);
  const map = baseMap(byId("map"), http, await mapSettings(http));
  const live = new Live(root, { token }, { state: linked, event: heard });
  const fleet = new FleetMap(map, live, store, openJob);
  const bell = new BellDrawer(http, openJob, (page) => nav.goTo(page), byId<HTMLButtonElement>("bell"));
  const ordering = h("div", {});
  const sandbox = new SandboxDrawer(http, openJob, ordering);
  let panel: JobPanel | null = null;
  /** The job that the address names; its panel may still be on its way. */
  let opened: string | null = null;
  let openings = 0;
  const desk = { http, openJob, openSandbox: () => sandbox.open(), trouble };
  const nav = new Nav(desk, () => map.invalidateSize());

  offerOrder();
  setText(byId("sandbox"), words.sandbox.open);
  byId("sandbox").addEventListener("click", () => sandbox.open());
  offerSwitch();
  onAddress(follow);
  follow();
  bell.refresh();
  setInterval(() => {
    board.tick();
    sandbox.refresh();
    nav.refresh();
  }, REFRESH_MS);
  everySecond(() => {
    panel?.tick();
    fleet.paint();
  });

  function linked(): void {
    if (live.state === "refused") return signOut();
    notice.connected(live.state !== "down");
    if (live.state !== "up") return;
    void fleet.watch();
    void store.watch(live);
    bell.refresh();
    nav.refresh();
    panel?.watch.connected();
  }

  function heard(name: string, data: unknown): void {
    if (name === "fleet_tick") fleet.take(data as FleetTick);
    else if (name === "board_changed") store.take(data as { jobs: string[] | null });
    else if (name === "notification") bell.refresh();
    else panel?.watch.event(name, data);
    if (name === "status_changed" || name === "notification") sandbox.refresh();
    if (name === "notification") nav.refresh();
  }

  /** A button that becomes a form: an order from the shop, as far as the sandbox goes. */
  function offerOrder(): void {
    const open = h("button", { class: "button", type: "button", id: "order", click: () => void ask() }, words.order.add);
    const ask = async (): Promise<void> => {
      const form = await orderForm(http, () => map.getCenter().wrap(), (order) => void send(order), offerOrder);
      ordering.replaceChildren(form);
      form.querySelector("input")?.focus();
    };
    const send = async (order: () => Promise<unknown>): Promise<void> => {
      if (!(await sandbox.act(order))) return;
      offerOrder();
    };
    ordering.replaceChildren(open);
  }

  /** Opens a job, wherever one was chosen: on the board, on the map, in an alert. */
  function openJob(job_id: string): void {
    say({ page: null, job: job_id }, "step");
  }

  /** The address says which job is open; Back closes it. */
  function follow(): void {
    if (said("sandbox") !== null) {
      say({ sandbox: null });
      sandbox.open();
    }
    const job_id = said("job");
    if (job_id === opened) return;
    opened = job_id;
    panel?.close();
    panel = null;
    board.choose(job_id);
    if (job_id !== null) void showJob(job_id);
  }

  async function showJob(job_id: string): Promise<void> {
    const opening = ++openings; // the same job may be opened, left and opened again before its code is there
    try {
      const known = store.cards.get(job_id); // its panel opens at once
      const [job, { JobPanel }] = await Promise.all([known ?? http.get<Job>(`api/jobs/${encodeURIComponent(job_id)}`), panelCode()]);
      if (opening === openings && opened === job_id) panel = new JobPanel(live, http, map, job, () => say({ job: null }));
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      if (opening === openings && opened === job_id) say({ job: null });
      trouble(error);
    }
  }
}

/** What shows a job is loaded with the first one that somebody opens. */
async function panelCode(): Promise<typeof import("./job/panel.ts")> {
  try {
    return await import("./job/panel.ts");
  } catch {
    throw new HttpProblem(0, "not_loaded", words.notLoaded, {}, null); // the network, or a newer release took the file away
  }
}

function trouble(problem: HttpProblem): void {
  if (problem.status === 401 || problem.status === 403) return signOut();
  notice.trouble(problem.message);
}
