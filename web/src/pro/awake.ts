/** Keeps the screen on, where the browser can: a sleeping page reads no positions. */
export class Awake {
  /** The browser knows how, and will not: battery saver. */
  refused = false;
  private wanted = false;
  private lock: WakeLockSentinel | null = null;

  constructor() {
    // The browser lets go of the lock whenever the page is hidden.
    document.addEventListener("visibilitychange", () => {
      if (this.wanted && document.visibilityState === "visible") void this.hold();
    });
  }

  async hold(): Promise<void> {
    this.wanted = true;
    if (document.visibilityState !== "visible") return; // asked again when it is
    try {
      this.lock = (await navigator.wakeLock?.request("screen")) ?? null;
      this.refused = false;
    } catch {
      this.lock = null; // the page works, but only while somebody keeps it awake
      this.refused = true;
    }
    if (!this.wanted) this.release(); // off duty meanwhile
  }

  release(): void {
    this.wanted = this.refused = false;
    void this.lock?.release().catch(() => undefined);
    this.lock = null;
  }
}
