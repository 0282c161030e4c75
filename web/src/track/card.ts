import { serverNow } from "../lib/clock.ts";
import { byId, h, setText, show } from "../lib/dom.ts";
import { ago, agreedWindow, arrival, clock, distance } from "../lib/format.ts";
import type { Signal } from "../lib/contact.ts";
import type { JobView } from "../lib/job_view.ts";
import { region } from "../lib/region.ts";
import { STEPS, stepOf } from "../lib/status.ts";
import { Who } from "./who.ts";
import { spokenTo, words } from "./words/visit.ts";

/** Spoken no more often than this, so that a screen reader can be used for something else too. */
const ANNOUNCE_EVERY_MS = 60_000;

/** Everything the customer reads: status, what is next, ETA, how fresh it is, who comes, and the visit's facts. */
export class Card {
  private readonly card = byId("card");
  private readonly own = byId("own");
  private readonly guest = byId("guest");
  private readonly status = byId("status");
  private readonly next = byId("next");
  private readonly eta = byId("eta");
  private readonly band = byId("eta-band");
  private readonly more = byId("eta-more");
  private readonly contact = byId("contact");
  private readonly steps = byId("steps");
  private readonly ready = byId("ready");
  private readonly facts = byId("facts");
  private readonly announce = byId("announce");
  private readonly who: Who;
  private announced = { text: "", at_ms: 0 };

  constructor(root: string) {
    this.who = new Who(root);
  }

  /** `known_ms`: when the server last confirmed this, on its own clock; 0: never. */
  render(view: JobView | null, signal: Signal, known_ms: number): void {
    this.renderOwn(signal, known_ms);
    if (view === null) return;
    const { status, pro } = view.job;
    const name = pro?.name ?? words.someone;
    const spoken = spokenTo(view.shared);
    const headline = spoken.status[status](name);
    const arrived = status === "arrived";
    setText(this.status, headline);
    setText(this.next, spoken.next[status](name));
    show(this.next, this.next.textContent !== "");
    setText(this.guest, view.shared ? words.guest.note : "");
    show(this.guest, view.shared);
    this.card.classList.toggle("is-arrived", arrived);
    this.who.render(pro, arrived);
    this.renderReady(arrived && !view.shared);
    this.renderEta(view, signal, headline);
    this.renderContact(view, signal);
    this.renderSteps(view);
    this.renderFacts(view);
  }

  /** This device's own trouble is said apart from the pro's. */
  private renderOwn(signal: Signal, known_ms: number): void {
    const trouble = signal === "offline" || signal === "unreachable" ? signal : null;
    const known = known_ms > 0 ? ago(known_ms, serverNow(), region) : null;
    const said = trouble === null ? "" : known === null ? words.unknown[trouble] : words.own[trouble](known);
    setText(this.own, said);
    show(this.own, said !== "");
  }

  private renderReady(visible: boolean): void {
    show(this.ready, visible);
    if (!visible || this.ready.hasChildNodes()) return;
    this.ready.append(h("h2", {}, words.ready.title), h("ul", {}, ...words.ready.list.map((line) => h("li", {}, line))));
  }

  private renderEta(view: JobView, signal: Signal, headline: string): void {
    const { eta, last_seen_ms } = view;
    const coming = view.job.status === "en_route" && eta !== null && last_seen_ms !== null;
    show(this.eta, coming);
    document.title = headline;
    if (!coming) return;
    const now_ms = serverNow();
    const { band, at_ms } = arrival(eta, (now_ms - last_seen_ms) / 1_000, now_ms, region);
    const at = clock(at_ms, region);
    this.eta.classList.toggle("is-old", signal !== "live");
    if (signal === "lost") {
      setText(this.band, words.lastEstimate(at));
      setText(this.more, words.noEstimate);
      return;
    }
    setText(this.band, band);
    const fresh = signal === "live" ? words.away(at, distance(eta.distance_m, region)) : null;
    setText(this.more, fresh ?? words.estimateAge(at, ago(last_seen_ms, now_ms, region)));
    document.title = `${band} · ${headline}`;
    if (signal === "live") this.say(words.announceEta(band, at), now_ms);
  }

  private say(text: string, now_ms: number): void {
    if (text === this.announced.text || now_ms - this.announced.at_ms < ANNOUNCE_EVERY_MS) return;
    this.announced = { text, at_ms: now_ms };
    setText(this.announce, text);
  }

  /** How fresh the dot is, on the way: once they are there, nobody watches a dot. */
  private renderContact(view: JobView, signal: Signal): void {
    const seen = view.last_seen_ms === null ? "" : ago(view.last_seen_ms, serverNow(), region);
    const visible = signal !== "none" && seen !== "" && view.job.status === "en_route";
    show(this.contact, visible);
    this.contact.dataset["signal"] = signal;
    if (visible) setText(this.contact, words.signal[signal](seen));
  }

  private renderSteps(view: JobView): void {
    const step = stepOf(view.job.status);
    show(this.steps, step !== null);
    if (step === null || this.steps.dataset["step"] === step) return;
    this.steps.dataset["step"] = step;
    const now = STEPS.indexOf(step);
    this.steps.replaceChildren(
      ...STEPS.map((each, index) => {
        const state = index < now ? "is-done" : index === now ? "is-now" : "";
        return h("li", index === now ? { class: state, "aria-current": "step" } : { class: state }, words.step[each]);
      }),
    );
  }

  private renderFacts({ job }: JobView): void {
    const rows: [string, string][] = [[words.fact.service, job.service]];
    if (job.window_start !== null && job.window_end !== null) {
      const from = Date.parse(job.window_start);
      rows.push([words.fact.when, agreedWindow(from, Date.parse(job.window_end), serverNow(), region, job.time_zone ?? null)]);
    }
    rows.push([words.fact.where, job.address]);
    const key = JSON.stringify(rows);
    if (this.facts.dataset["key"] === key) return;
    this.facts.dataset["key"] = key;
    this.facts.replaceChildren(...rows.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value))));
  }
}
