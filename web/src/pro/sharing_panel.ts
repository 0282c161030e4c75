import { clockError, onServerClock, serverNow } from "../lib/clock.ts";
import { byId, h, setText, show } from "../lib/dom.ts";
import { ago } from "../lib/format.ts";
import { region } from "../lib/region.ts";
import type { Duty } from "./duty.ts";
import { laneOf, type Errands } from "./errands.ts";
import { troublesOf, type Trouble } from "./phone_rules.ts";
import type { Queue } from "./queue.ts";
import type { Sender } from "./sender.ts";
import type { Permission, Sharing } from "./sharing.ts";
import { words } from "./words.ts";

/** What waits no longer than this is on its way, not stuck. */
const STUCK_MS = 15_000;

export interface PanelParts {
  duty: Duty;
  sharing: Sharing;
  sender: Sender;
  queue: Queue;
  errands: Errands;
}

/** Says whether the pro is on duty and seen, what waits on this phone, and what of the phone stands in the way. */
export class SharingPanel {
  private readonly panel = byId("sharing");
  private readonly title = byId("sharing-title");
  private readonly more = byId("sharing-more");
  private readonly waiting = byId("waiting");
  private readonly troubles = byId("troubles");
  private readonly duty = byId<HTMLButtonElement>("sharing-switch");
  private readonly again = byId<HTMLButtonElement>("sharing-again");
  private shownTroubles = "";

  constructor(toggle: () => void, share: () => void) {
    this.duty.setAttribute("aria-label", words.duty);
    this.duty.addEventListener("click", toggle);
    setText(this.again, words.again);
    this.again.addEventListener("click", share);
  }

  render(parts: PanelParts): void {
    const { duty, sharing, sender, queue, errands } = parts;
    const { permission } = sharing;
    const here = duty.on && permission === "off" ? words.elsewhere : words.sharing[permission];
    setText(this.title, here.title);
    setText(this.more, permission === "on" ? progress(sharing, sender) : here.more);
    this.duty.setAttribute("aria-checked", String(duty.on));
    show(this.again, duty.on && !sharing.running);
    const oldest_ms = oldestOf(parts);
    const stuck = oldest_ms !== null && (serverNow() - oldest_ms > STUCK_MS || !navigator.onLine);
    show(this.waiting, stuck);
    if (stuck) setText(this.waiting, backlog(parts, oldest_ms));
    this.panel.dataset["state"] = duty.on ? stateOf(permission, stuck || sender.refusal !== null) : "off";
    this.panel.dataset["queued"] = String(queue.length);
    this.panel.dataset["errands"] = String(errands.all.length);
    this.renderTroubles(
      troublesOf({
        sharing: sharing.running,
        durable: queue.durable && errands.durable,
        clock_error_ms: clockError(),
        screen_refused: sharing.screenRefused,
        asleep_ms: sharing.asleep_ms,
        battery: sharing.charge,
        charging: sharing.charging,
      }),
    );
  }

  /** Drawn only when they change: a screen reader would hear them each second. */
  private renderTroubles(troubles: Trouble[]): void {
    const key = troubles.join();
    if (key === this.shownTroubles) return;
    this.shownTroubles = key;
    this.troubles.replaceChildren(...troubles.map((trouble) => h("li", { class: "notice small", "data-trouble": trouble }, words.trouble[trouble])));
  }
}

function stateOf(permission: Permission, waiting: boolean): string {
  switch (permission) {
    case "off":
      return "waiting";
    case "asking":
      return permission;
    case "on":
      return waiting ? "waiting" : "on";
    case "denied":
    case "silent":
    case "insecure":
    case "missing":
      return "trouble";
  }
}

function progress(sharing: Sharing, sender: Sender): string {
  if (sender.refusal !== null) return words.refusedBy(words.reason[sender.refusal] ?? sender.refusal);
  if (sender.confirmed_at_ms === null) return words.notYetSent;
  const accuracy = Math.round(sharing.latest?.accuracy ?? 0);
  return words.lastSent(ago(sender.confirmed_at_ms, Date.now(), region), `${accuracy} m`);
}

/** Epoch milliseconds of the server's clock; positions have it already. */
function oldestOf({ queue, errands }: PanelParts): number | null {
  const errand_ms = errands.oldest_ms;
  const times = [queue.oldest_ms, errand_ms === null ? null : onServerClock(errand_ms)].filter((ms) => ms !== null);
  return times.length === 0 ? null : Math.min(...times);
}

function backlog({ queue, errands }: PanelParts, oldest_ms: number): string {
  const steps = errands.all.filter((errand) => laneOf(errand) === "steps").length;
  const files = errands.all.length - steps;
  const parts = [
    ...(steps > 0 ? [words.waiting.steps(steps)] : []),
    ...(files > 0 ? [words.waiting.files(files)] : []),
    ...(queue.length > 0 ? [words.waiting.positions(queue.length)] : []),
  ];
  const what = words.waiting.what(parts.join(", "), ago(oldest_ms, serverNow(), region));
  const dropped = queue.dropped > 0 ? words.waiting.dropped(queue.dropped) : "";
  return what + (navigator.onLine ? words.waiting.online : words.waiting.offline) + dropped;
}
