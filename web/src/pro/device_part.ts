import { byId, h, refill } from "../lib/dom.ts";
import { HttpProblem } from "../lib/http.ts";
import type { PushState, PushSwitch } from "../lib/push.ts";
import { plainly } from "./plain.ts";
import { words } from "./words.ts";

/** Chrome's offer to install the page (not in the DOM's types: no other browser has it). */
interface InstallOffer extends Event {
  prompt(): Promise<unknown>;
}

/** What concerns this device: being notified, installing the page, signing out. */
export class DevicePart {
  private readonly push: PushSwitch;
  private readonly signOut: () => void;
  private offer: InstallOffer | null = null;
  private busy = false;

  constructor(push: PushSwitch, signOut: () => void) {
    this.push = push;
    this.signOut = signOut;
    addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault(); // asked when the person wants it, not in the middle of a job
      this.offer = event as InstallOffer;
      this.drawApp();
    });
    addEventListener("appinstalled", () => {
      this.offer = null;
      this.drawApp();
    });
    this.drawApp();
  }

  async refresh(): Promise<void> {
    this.drawPush(await this.push.state(), null);
  }

  private drawPush(state: PushState, problem: string | null): void {
    const change = (work: () => Promise<PushState>) => (): void => void this.change(work);
    const on = h("button", { class: "button button-main", type: "button", "data-key": "push", click: change(() => this.push.turnOn()) }, words.me.pushOn);
    const off = h("button", { class: "button", type: "button", "data-key": "push", click: change(() => this.push.turnOff()) }, words.me.pushOff);
    const panel = byId("push");
    panel.dataset["state"] = state;
    refill(panel, h("p", { role: "status" }, words.me.push[state]), problem !== null && h("p", { class: "notice small" }, problem), state === "off" && on, state === "on" && off);
  }

  private async change(work: () => Promise<PushState>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      this.drawPush(await work(), null);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      this.drawPush(await this.push.state(), words.notDone(plainly(error)));
    } finally {
      this.busy = false;
    }
  }

  private drawApp(): void {
    const installed = matchMedia("(display-mode: standalone)").matches;
    const { offer } = this;
    const install = h("button", { class: "button button-main", type: "button", "data-key": "install", click: () => void offer?.prompt() }, words.me.installNow);
    const leave = h("button", { class: "button", type: "button", "data-key": "sign-out", click: this.signOut }, words.me.signOut);
    refill(byId("app"), !installed && h("p", {}, words.me.install), !installed && offer !== null && install, leave);
  }
}
