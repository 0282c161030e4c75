import type { Http } from "./http.ts";
import { forget, recall, remember } from "./memory.ts";

/** Whether this browser is told of news while the page is closed (W3C Push API). */
export type PushState =
  | "unsupported" // this browser cannot, or not before the page is on the home screen (iOS)
  | "blocked" // the person said no: only the browser's settings can change that
  | "off"
  | "on";

const device = (): Storage => localStorage;

/** Subscribes this browser with our server, and ends it. One per page. */
export class PushSwitch {
  private readonly http: Http;
  private readonly registered: Promise<ServiceWorkerRegistration | null>;
  /** Where the server's number of the subscription is remembered: it is needed to end it. */
  private readonly key: string;

  /** `whose` keeps the subscriptions of several people, or links, of one browser apart. */
  constructor(http: Http, registered: Promise<ServiceWorkerRegistration | null>, whose: string) {
    this.http = http;
    this.registered = registered;
    this.key = `tracker.push.${whose}`;
  }

  async state(): Promise<PushState> {
    const manager = await this.manager();
    if (manager === null) return "unsupported";
    if (Notification.permission === "denied") return "blocked";
    const subscribed = (await manager.getSubscription()) !== null;
    return subscribed && recall(device, this.key) !== null ? "on" : "off";
  }

  /** Asks the person, then subscribes. To be called from a tap. @throws HttpProblem */
  async turnOn(): Promise<PushState> {
    const manager = await this.manager();
    if (manager === null) return "unsupported";
    if ((await Notification.requestPermission()) !== "granted") return this.state();
    const { public_key } = await this.http.get<{ public_key: string }>("api/push/key");
    const subscription = await subscribe(manager, bytesOf(public_key));
    if (subscription === null) return "unsupported";
    const { endpoint, keys } = subscription.toJSON();
    const { id } = await this.http.post<{ id: number }>("api/push/subscriptions", { endpoint, keys });
    remember(device, this.key, String(id));
    return "on";
  }

  /** @throws HttpProblem */
  async turnOff(): Promise<PushState> {
    const number = recall(device, this.key);
    if (number !== null) await this.http.remove(`api/push/subscriptions/${encodeURIComponent(number)}`);
    forget(device, this.key);
    const subscription = await (await this.manager())?.getSubscription();
    await subscription?.unsubscribe();
    return this.state();
  }

  private async manager(): Promise<PushManager | null> {
    if (!("PushManager" in window) || !("Notification" in window)) return null;
    return (await this.registered)?.pushManager ?? null;
  }
}

/** Null when the browser has no push service to subscribe with. A key of before is let go of first. */
async function subscribe(manager: PushManager, key: Uint8Array<ArrayBuffer>): Promise<PushSubscription | null> {
  const options = { userVisibleOnly: true, applicationServerKey: key };
  try {
    return await manager.subscribe(options);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    const before = error.name === "InvalidStateError" ? await manager.getSubscription() : null;
    if (before === null) return null;
    await before.unsubscribe();
    return manager.subscribe(options);
  }
}

/** base64url as bytes. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}
