import { byId, h, setText } from "../lib/dom.ts";
import type { Http } from "../lib/http.ts";
import type { Place } from "../lib/wire.ts";
import { chooseDrive, chosenDrive } from "./drive_choice.ts";
import type { Gps } from "./gps.ts";
import { MadeUpGps, type MadeUpDrive } from "./made_up_gps.ts";
import { words } from "./words.ts";

export { samplePhoto } from "./sample_photo.ts";

/** The demo's own panel: it says that the drive is made up, and how to have one's own location instead. */
export class DemoPart {
  private readonly gps: MadeUpGps;
  private readonly use: (gps: Gps | null) => void;
  private readonly more = h("p", { class: "muted small" });
  private readonly choice = h("button", { class: "switch", type: "button", role: "switch", "aria-label": words.demo.title, click: () => this.choose(!this.madeUp) });
  private readonly panel = h(
    "section",
    { class: "panel demo", id: "demo", "aria-labelledby": "demo-title" },
    h("div", { class: "row" }, h("div", { class: "grow" }, h("h2", { id: "demo-title" }, words.demo.title), this.more), this.choice),
  );
  private madeUp: boolean;

  /** `use` takes what is to give positions: null is the device's own. */
  constructor(http: Http, use: (gps: Gps | null) => void) {
    this.use = use;
    this.gps = new MadeUpGps((from, to) => http.get<MadeUpDrive>(`api/demo/drive?${queryOf(from, to)}`));
    this.madeUp = chosenDrive() !== "own";
    byId("sharing").after(this.panel);
    this.choose(this.madeUp);
  }

  headFor(place: Place | null): void {
    if (this.madeUp) this.gps.headFor(place);
  }

  remove(): void {
    this.panel.remove();
    this.use(null);
  }

  private choose(madeUp: boolean): void {
    this.madeUp = madeUp;
    chooseDrive(madeUp ? "made up" : "own");
    this.choice.setAttribute("aria-checked", String(madeUp));
    setText(this.more, madeUp ? words.demo.madeUp : words.demo.own);
    this.use(madeUp ? this.gps : null);
  }
}

function queryOf(from: Place | null, to: Place | null): string {
  const query = new URLSearchParams();
  for (const [prefix, place] of [["", from], ["to_", to]] as const) {
    if (place === null) continue;
    query.set(`${prefix}lat`, String(place.lat));
    query.set(`${prefix}lng`, String(place.lng));
  }
  return query.toString();
}
