import { byId, setText, show } from "../lib/dom.ts";
import { ago } from "../lib/format.ts";
import { region } from "../lib/region.ts";
import type { Queue } from "./queue.ts";
import type { Sender } from "./sender.ts";
import type { Permission, Sharing } from "./sharing.ts";
import { words } from "./words.ts";

/** A position that waits no longer than this is on its way, not stuck. */
const STUCK_MS = 15_000;

/** Says whether the phone shares its position, and what keeps it from doing so. */
export class SharingPanel {
  private readonly panel = byId("sharing");
  private readonly title = byId("sharing-title");
  private readonly more = byId("sharing-more");
  private readonly waiting = byId("sharing-queue");
  private readonly button = byId<HTMLButtonElement>("sharing-switch");

  constructor(toggle: () => void) {
    this.button.addEventListener("click", toggle);
  }

  render(sharing: Sharing, sender: Sender, queue: Queue): void {
    const now_ms = Date.now();
    const oldest_ms = queue.oldest_ms;
    const stuck = oldest_ms !== null && (now_ms - oldest_ms > STUCK_MS || !navigator.onLine);
    const { title, more } = words.sharing[sharing.permission];
    setText(this.title, title);
    setText(this.more, sharing.permission === "on" ? progress(sharing, sender, now_ms) : more);
    show(this.waiting, stuck);
    if (stuck) setText(this.waiting, backlog(queue, oldest_ms, now_ms));
    this.panel.dataset["state"] = stateOf(sharing.permission, stuck || sender.refusal !== null);
    this.panel.dataset["queued"] = String(queue.length);
    setText(this.button, buttonText(sharing));
    this.button.classList.toggle("button-main", !sharing.running);
  }
}

function stateOf(permission: Permission, waiting: boolean): string {
  switch (permission) {
    case "off":
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

function buttonText(sharing: Sharing): string {
  if (sharing.running) return words.stop;
  return sharing.permission === "off" ? words.start : words.again;
}

function progress(sharing: Sharing, sender: Sender, now_ms: number): string {
  if (sender.refusal !== null) return words.refusedBy(words.reason[sender.refusal] ?? sender.refusal);
  if (sender.confirmed_at_ms === null) return words.notYetSent;
  const accuracy = Math.round(sharing.latest?.accuracy ?? 0);
  return words.lastSent(ago(sender.confirmed_at_ms, now_ms, region), `${accuracy} m`);
}

function backlog(queue: Queue, oldest_ms: number, now_ms: number): string {
  const dropped = queue.dropped > 0 ? words.dropped(queue.dropped) : "";
  const durable = queue.durable ? "" : words.notDurable;
  return words.queued(queue.length, ago(oldest_ms, now_ms, region)) + dropped + durable;
}
