import { HttpProblem, type Http } from "../../lib/http.ts";
import type { BoardPage, Card } from "../card.ts";

const PAGE = 50;
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
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.read(PAGE);
    }, TYPING_MS);
  }

  /** A job changed that may belong here now, or not any more: what was read is read again. */
  refresh(): void {
    if (this.query !== null && this.timer === null) void this.read(Math.max(PAGE, this.cards.length));
  }

  readMore(): void {
    if (this.next !== null && !this.asking) void this.read(PAGE, this.next);
  }

  private async read(limit: number, cursor: string | null = null): Promise<void> {
    const question = ++this.asked;
    const query = new URLSearchParams(this.query ?? "");
    query.set("limit", String(limit));
    if (cursor !== null) query.set("cursor", cursor);
    this.asking = true;
    try {
      const page = await this.http.get<BoardPage>(`api/dispatch/board?${query.toString()}`);
      if (question !== this.asked) return;
      this.cards = cursor === null ? page.cards : [...this.cards, ...page.cards];
      this.next = page.next;
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      if (question === this.asked) this.trouble(error);
    } finally {
      if (question === this.asked) {
        this.asking = false;
        this.changed();
      }
    }
  }

  private stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
