import { byId, h, refill } from "../lib/dom.ts";
import { HttpProblem, type Http } from "../lib/http.ts";
import { portrait } from "../lib/portrait.ts";
import type { Me } from "./me.ts";
import { madeSmall, PhotoUnusable } from "./photo.ts";
import { plainly } from "./plain.ts";
import { words } from "./words.ts";

/** The pro's picture as customers see it, and how to give one or take it away. */
export class PortraitPart {
  private readonly http: Http;
  private readonly changed: () => Promise<void>;
  private readonly element = h("div", { class: "portrait-part" });
  private readonly said = h("p", { class: "small", role: "status" });
  private busy = false;

  /** `changed` reads the pro's record again. */
  constructor(http: Http, changed: () => Promise<void>) {
    this.http = http;
    this.changed = changed;
    byId("portrait").append(this.element, this.said);
  }

  show(me: Me): void {
    // Named kinds only: then iPhones hand over JPEG instead of their own format.
    const input = h("input", { class: "visually-hidden", type: "file", accept: "image/jpeg,image/png,image/webp", "data-key": "portrait" });
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      input.value = ""; // the same picture may be chosen again
      if (file) void this.act(() => this.give(me, file), words.me.portraitKept);
    });
    const remove = h("button", { class: "button", type: "button", "data-key": "no-portrait", click: () => void this.act(() => this.http.remove(this.path(me)), words.me.portraitGone) }, words.me.removePortrait);
    refill(
      this.element,
      portrait(this.http.root, me.name ?? me.id, me.photo),
      h("label", { class: "button" }, me.photo === null ? words.me.addPortrait : words.me.changePortrait, input),
      me.photo !== null && remove,
    );
  }

  private async give(me: Me, file: File): Promise<void> {
    const small = await madeSmall(file);
    await this.http.upload(this.path(me), new Blob([small.bytes], { type: small.media_type }), "PUT");
  }

  /** One thing at a time; what came of it is said. */
  private async act(work: () => Promise<unknown>, done: string): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.element.setAttribute("aria-busy", "true");
    try {
      await work();
      this.said.textContent = done;
      await this.changed();
    } catch (error) {
      this.said.textContent = whyNot(error);
    } finally {
      this.busy = false;
      this.element.removeAttribute("aria-busy");
    }
  }

  private path(me: Me): string {
    return `api/pros/${encodeURIComponent(me.id)}/photo`;
  }
}

function whyNot(error: unknown): string {
  if (error instanceof PhotoUnusable) return words.evidence[error.why];
  if (error instanceof HttpProblem) return words.notDone(plainly(error));
  throw error;
}
