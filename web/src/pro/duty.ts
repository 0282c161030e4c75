import { HttpProblem, type Http } from "../lib/http.ts";
import { recall, remember } from "../lib/memory.ts";
import type { Me } from "./me.ts";
import type { Sharing } from "./sharing.ts";

/** Whether this device shared when it was last used. */
const WISH = "tracker.sharing";
const device = (): Storage => localStorage;

/**
 * On duty or off: whether dispatch counts on the pro, and whether this device shares where they are.
 *
 * What the person wants counts at once; the server is told when it can be.
 */
export class Duty {
  on: boolean;
  private readonly http: Http;
  private readonly sharing: Sharing;
  private readonly changed: () => void;
  /** What the server has not been told yet. */
  private untold: boolean | null = null;
  private telling = false;

  constructor(http: Http, sharing: Sharing, changed: () => void) {
    this.http = http;
    this.sharing = sharing;
    this.changed = changed;
    this.on = recall(device, WISH) === "on";
  }

  /** Goes on as this device was left. */
  resume(): void {
    if (this.on) this.sharing.start();
  }

  /** What the server believes, unless it is about to hear otherwise. */
  learn({ on_duty }: Me): void {
    if (this.untold !== null || this.telling) return;
    this.on = on_duty;
    if (!on_duty && this.sharing.running) this.stop(); // ended on another device, or by dispatch
    this.changed();
  }

  go(on: boolean): void {
    this.on = on;
    this.untold = on;
    if (on) this.share();
    else this.stop();
    void this.tell();
  }

  /** This device shares its location, after it did not. */
  share(): void {
    remember(device, WISH, "on");
    this.sharing.start();
    this.changed();
  }

  /** Tells the server what it does not know yet. */
  async tell(): Promise<void> {
    if (this.telling || this.untold === null) return;
    this.telling = true;
    const on_duty = this.untold;
    try {
      await this.http.patch("api/me", { on_duty });
      if (this.untold === on_duty) this.untold = null;
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error; // told again on the next connect
      if (!error.retry) this.untold = null;
    } finally {
      this.telling = false;
    }
    this.changed();
  }

  private stop(): void {
    remember(device, WISH, "off");
    this.sharing.stop();
    this.changed();
  }
}
