import { h, refill } from "../../lib/dom.ts";
import { HttpProblem } from "../../lib/http.ts";
import type { PushState, PushSwitch } from "../../lib/push.ts";
import { words } from "../words/extras.ts";
import { installOffer } from "./install_offer.ts";

/** Being told while the page is closed, and keeping it on the home screen. */
export class NotifyPart {
  readonly element = h("div", { class: "fold-body" });
  private readonly push: PushSwitch;
  private busy = false;

  constructor(push: PushSwitch) {
    this.push = push;
    installOffer(() => void this.refresh());
  }

  async refresh(): Promise<void> {
    this.draw(await this.push.state(), null);
  }

  private draw(state: PushState, problem: string | null): void {
    const change = (work: () => Promise<PushState>) => (): void => void this.change(work);
    const on = h("button", { class: "button button-main", type: "button", "data-key": "push", click: change(() => this.push.turnOn()) }, words.notify.on);
    const off = h("button", { class: "button", type: "button", "data-key": "push", click: change(() => this.push.turnOff()) }, words.notify.off);
    const installed = matchMedia("(display-mode: standalone)").matches;
    const install = installOffer(() => void this.refresh());
    this.element.dataset["state"] = state;
    refill(
      this.element,
      h("p", { role: "status" }, words.notify.push[state]),
      problem !== null && h("p", { class: "notice small" }, problem),
      state === "off" && on,
      state === "on" && off,
      !installed && h("p", { class: "muted small" }, words.notify.install),
      !installed && install !== null && h("button", { class: "button", type: "button", "data-key": "install", click: install }, words.notify.installNow),
    );
  }

  private async change(work: () => Promise<PushState>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      this.draw(await work(), null);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      this.draw(await this.push.state(), error.message);
    } finally {
      this.busy = false;
    }
  }
}
