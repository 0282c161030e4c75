import { HttpProblem, type Http } from "../../lib/http.ts";
import type { BoardPage, Card } from "../card.ts";

const PAGE = 50;
/** Cards of one answer; the server gives no more. */
const MOST = 1_000;
/** A read that failed for want of an answer is tried again after so long. */
const AGAIN_MS = 3_000;
/** Nobody's typing is asked about letter by letter. */
const TYPING_MS = 250;

/** Jobs whose work is over, read from the server page by page as they are looked for, newest first. */
export class EndedJobs {
  cards: readonly Card[] = [];
  private readonly http: Http;
  private readonly changed: () => void;
  private readonly trouble: (problem: HttpProblem) => void;
  private query: string | null = null;
  private next: string | null = null;
  private asked = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(http: Http, changed: () => void, trouble: (problem: HttpProblem) => void) {
    this.http = http;
    this.changed = changed;
    this.trouble = trouble;
  }

  /** Whether there are more than were read. */
  get more(): boolean {
    return this.next !== null;
  }

  /** Whether an answer is being waited for. */
  get waiting(): boolean {
    return this.timer !== null || this.asking;
  }

  private asking = false;

  /** Looks for these jobs; null: for none. */
  want(query: URLSearchParams | null): void {
    const wanted = query?.toString() ?? null;
    if (wanted === this.query) return;
    this.query = wanted;
    this.asked++; // an answer that is on its way is to another question
    this.asking = false;
    this.next = null;
    this.cards = [];
    this.stop();
    if (wanted === null) return;
    this.readIn(TYPING_MS, PAGE);
  }

  /** A job changed that may belong here now, or not any more: what was read is read again. */
  refresh(): void {
    if (this.query !== null && this.timer === null) void this.read(Math.max(PAGE, this.cards.length));
  }

  readMore(): void {
    if (this.next !== null && !this.asking) void this.read(PAGE, this.next);
  }

  /** Reads so many, from behind the cursor on or from the beginning, which replaces what was read. */
  private async read(many: number, cursor: string | null = null): Promise<void> {
    const question = ++this.asked;
    this.asking = true;
    try {
      const cards = cursor === null ? [] : [...this.cards];
      let next = cursor;
      for (let left = many; left > 0; left -= MOST) {
        const page = await this.page(Math.min(left, MOST), next);
        if (question !== this.asked) return;
        cards.push(...page.cards);
        next = page.next;
        if (next === null) break;
      }
      this.cards = cards;
      this.next = next;
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      if (question === this.asked) this.failed(error, many, cursor);
    } finally {
      if (question === this.asked) {
        this.asking = false;
        this.changed();
      }
    }
  }

  private page(limit: number, cursor: string | null): Promise<BoardPage> {
    const query = new URLSearchParams(this.query ?? "");
    query.set("limit", String(limit));
    if (cursor !== null) query.set("cursor", cursor);
    return this.http.get<BoardPage>(`api/dispatch/board?${query.toString()}`);
  }

  /** More is read when somebody asks for more; the rest is tried again, since an empty list would say that there is none. */
  private failed(problem: HttpProblem, many: number, cursor: string | null): void {
    this.trouble(problem);
    if (cursor === null && problem.retry) this.readIn((problem.retry_after_s ?? 0) * 1_000 || AGAIN_MS, many);
  }

  private readIn(wait_ms: number, many: number): void {
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.read(many);
    }, wait_ms);
  }

  private stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
