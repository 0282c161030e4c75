import { HttpProblem, type Http } from "../lib/http.ts";
import { AckRefused, type Live } from "../lib/live.ts";
import { lateBy } from "./board/lateness.ts";
import { ACTIVE, isActive, type BoardPage, type Card } from "./card.ts";

/** Cards of one answer; the server gives no more. */
const PAGE = 1_000;
/** Ids of one question: an address has to stay short. */
const IDS = 100;
/** What changes in a burst is read together. */
const GATHER_MS = 150;
/** A read that failed for want of an answer is tried again after so long. */
const AGAIN_MS = 3_000;

/** What a change of the store was about: these jobs, or (null) anything. */
export type Changed = ReadonlySet<string> | null;

/**
 * All active jobs, live.
 *
 * It watches first and reads after, and reads one thing at a time: whatever is heard while an answer is on its
 * way is read again after it, so an older answer never stands over a newer one.
 */
export class BoardStore {
  /** Whether the jobs have been read once. */
  ready = false;
  /** How often everything was read: what was not heard of before is known since. */
  whole = 0;
  /** The company's time zone, an IANA name. */
  time_zone = "UTC";
  /** Of all amounts, ISO 4217. */
  currency = "usd";
  private readonly http: Http;
  private readonly trouble: (problem: HttpProblem) => void;
  private readonly all = new Map<string, Card>();
  private readonly listeners: ((changed: Changed) => void)[] = [];
  private readonly heard = new Set<string>();
  private wanted: (card: Card) => boolean = () => true;
  private everything = false;
  private reading = false;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(http: Http, trouble: (problem: HttpProblem) => void) {
    this.http = http;
    this.trouble = trouble;
  }

  /** Every active job by its id. */
  get cards(): ReadonlyMap<string, Card> {
    return this.all;
  }

  /** The cards that pass the filter. */
  shown(): Card[] {
    return [...this.all.values()].filter(this.wanted);
  }

  /** Sets the filter of `shown`. */
  want(wanted: (card: Card) => boolean): void {
    this.wanted = wanted;
    this.tell(null);
  }

  /** Calls back after every change of the cards or the filter. */
  on(listener: (changed: Changed) => void): void {
    this.listeners.push(listener);
  }

  /** The connection is up (again): watches, and reads everything. */
  async watch(live: Live): Promise<void> {
    try {
      await live.ask("watch_board", {});
    } catch (error) {
      if (!(error instanceof AckRefused)) throw error;
      if (live.connected && error.refusal.retry) setTimeout(() => void this.watch(live), AGAIN_MS);
    }
    this.refresh();
  }

  /** `board_changed`: these jobs changed; null: more than can be told. */
  take({ jobs }: { jobs: string[] | null }): void {
    if (jobs === null) return this.refresh();
    for (const id of jobs) this.heard.add(id);
    this.readSoon(GATHER_MS);
  }

  /** Reads everything again. */
  refresh(): void {
    this.everything = true;
    this.readSoon(0);
  }

  /** Time passes: what was in time is late. */
  pass(now_ms: number): void {
    const changed = new Set<string>();
    for (const card of this.all.values()) {
      const late = lateBy(card, now_ms) > 0;
      if (late === card.late) continue;
      this.all.set(card.id, { ...card, late });
      changed.add(card.id);
    }
    this.tell(changed);
  }

  private readSoon(wait_ms: number): void {
    if (this.reading || this.timer !== null) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.read();
    }, wait_ms);
  }

  private async read(): Promise<void> {
    this.reading = true;
    let wait_ms = GATHER_MS;
    try {
      if (this.everything) await this.readAll();
      else await this.readSome();
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      this.everything = true; // what this answer would have told is not known
      wait_ms = (error.retry_after_s ?? 0) * 1_000 || AGAIN_MS;
      this.trouble(error);
    } finally {
      this.reading = false;
    }
    if (this.everything || this.heard.size > 0) this.readSoon(wait_ms);
  }

  private async readAll(): Promise<void> {
    this.everything = false;
    this.heard.clear();
    const found = new Map<string, Card>();
    const query = new URLSearchParams({ status: ACTIVE.join(","), limit: String(PAGE) });
    for (;;) {
      const page = await this.page(query);
      this.time_zone = page.time_zone;
      this.currency = page.currency;
      for (const card of page.cards) found.set(card.id, card);
      if (page.next === null) break;
      query.set("cursor", page.next);
    }
    const changed = new Set([...this.all.keys()].filter((id) => !found.has(id)));
    for (const id of changed) this.all.delete(id);
    for (const card of found.values()) if (this.keep(card)) changed.add(card.id);
    const first = !this.ready;
    this.ready = true;
    this.whole++;
    this.tell(first ? null : changed);
  }

  /** Whether this card is another than the one that was known. */
  private keep(card: Card): boolean {
    const known = this.all.get(card.id);
    if (known !== undefined && JSON.stringify(known) === JSON.stringify(card)) return false;
    this.all.set(card.id, card);
    return true;
  }

  private async readSome(): Promise<void> {
    const ids = [...this.heard].slice(0, IDS);
    for (const id of ids) this.heard.delete(id);
    const { cards } = await this.page(new URLSearchParams({ ids: ids.join(","), limit: String(PAGE) }));
    const found = new Map(cards.map((card) => [card.id, card]));
    const changed = new Set<string>();
    for (const id of ids) {
      const card = found.get(id);
      if (card === undefined || !isActive(card.status)) this.all.delete(id);
      else if (!this.keep(card)) continue;
      changed.add(id);
    }
    this.tell(changed);
  }

  private page(query: URLSearchParams): Promise<BoardPage> {
    return this.http.get<BoardPage>(`api/dispatch/board?${query.toString()}`);
  }

  private tell(changed: Changed): void {
    for (const listener of this.listeners) listener(changed);
  }
}
