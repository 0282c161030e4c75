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
import { said } from "./address.ts";
import { BellDrawer } from "./bell_drawer.ts";
import { FleetMap } from "./fleet_map.ts";
import { JobList } from "./job_list.ts";
import { JobPanel } from "./job_panel.ts";
import { Nav } from "./nav.ts";
import { orderForm } from "./order_form.ts";
import { SandboxDrawer } from "./sandbox_drawer.ts";
import { words } from "./words.ts";
import { problems } from "./words/problems.ts";

/** The list has no live feed of its own yet; it is read again this often. */
const REFRESH_MS = 15_000;

/** The address of a payment page of the sandbox leads here: `#sandbox=…`. Signing in clears the fragment. */
const toSandbox = new URLSearchParams(location.hash.slice(1)).has("sandbox");
const token = takeToken();
writeFixedWords(words.fixed);
learnProblems(problems);
if (token === null) lonePage(words.signedOut.title, words.signedOut.more, LINK);
else void open(token);

async function open(token: string): Promise<void> {
  const root = rootOf(location.pathname);
  const http = new Http(root, token);
  show(byId("board"), said("page") === null); // the map takes a moment
  const list = new JobList(http, choose, trouble);
  void list.refresh();
  byId("map").setAttribute("aria-label", words.map);
  const map = baseMap(byId("map"), http, await mapSettings(http));
  const live = new Live(root, { token }, { state: linked, event: heard });
  const fleet = new FleetMap(map, live, (job_id) => void openById(job_id));
  const bell = new BellDrawer(http, (job_id) => void openById(job_id), (page) => nav.goTo(page), byId<HTMLButtonElement>("bell"));
  const ordering = h("div", {});
  const sandbox = new SandboxDrawer(http, (job_id) => void openById(job_id), ordering);
  let panel: JobPanel | null = null;
  const desk = { http, openJob: (job_id: string) => void openById(job_id), openSandbox: () => sandbox.open(), trouble };
  const nav = new Nav(desk, () => map.invalidateSize());

  offerOrder();
  setText(byId("sandbox"), words.sandbox.open);
  byId("sandbox").addEventListener("click", () => sandbox.open());
  if (toSandbox) sandbox.open();
  bell.refresh();
  setInterval(() => {
    void list.refresh();
    sandbox.refresh();
    nav.refresh();
  }, REFRESH_MS);
  everySecond(() => {
    panel?.tick();
    fleet.paint();
  });

  function linked(): void {
    if (live.state === "refused") return signOut();
    setText(byId("own"), words.offline);
    show(byId("own"), live.state === "down");
    if (live.state !== "up") return;
    void fleet.watch();
    void list.refresh();
    bell.refresh();
    nav.refresh();
    panel?.watch.connected();
  }

  function heard(name: string, data: unknown): void {
    if (name === "fleet_tick") fleet.take((data as { positions: Parameters<FleetMap["take"]>[0] }).positions);
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
      void list.refresh();
    };
    ordering.replaceChildren(open);
  }

  function choose(job: Job): void {
    nav.goTo(null);
    panel?.close();
    panel = new JobPanel(live, http, map, job, () => void list.refresh(), close);
    list.choose(job.id);
  }

  function close(): void {
    panel?.close();
    panel = null;
    list.choose(null);
  }

  async function openById(id: string): Promise<void> {
    try {
      choose(list.find(id) ?? (await http.get<Job>(`api/jobs/${encodeURIComponent(id)}`)));
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      trouble(error);
    }
  }
}

function trouble(problem: HttpProblem): void {
  if (problem.status === 401 || problem.status === 403) return signOut();
  setText(byId("own"), problem.message);
  show(byId("own"), true);
}
