import { onAddress, said, say } from "../address.ts";
import { FILTER_KEYS, filterFrom, isSame, type Filter } from "./filter.ts";

/** Browsers let an address change only so often: it follows somebody's typing at a distance. */
const TYPING_MS = 400;

/**
 * What is asked of the board. It stands in the address, so that it survives a reload and can be passed on: as a
 * filter; without one, as a saved view; without both it is every active job.
 */
export class Question {
  filter: Filter = {};
  private readonly kept: (view: string) => Filter | null;
  private readonly changed: () => void;
  private typing: ReturnType<typeof setTimeout> | null = null;
  private followed = false;

  /** `kept` is the filter of a saved view; `changed` is called when something else is asked, or under another name. */
  constructor(kept: (view: string) => Filter | null, changed: () => void) {
    this.kept = kept;
    this.changed = changed;
    onAddress(() => this.follow());
  }

  /** The saved view that the address names. */
  get view(): string | null {
    return said("view");
  }

  /** Whether this is something that no view keeps yet. */
  get isOwn(): boolean {
    return !isSame(this.filter, this.filterOfView() ?? {});
  }

  /** Does what the address says. */
  follow(): void {
    if (this.typing !== null) return; // what is being typed is newer, and goes there soon
    const filter = filterFrom(said);
    const asked = Object.keys(filter).length > 0 ? filter : (this.filterOfView() ?? {});
    if (!this.followed || !isSame(asked, this.filter)) this.filter = asked;
    this.followed = true;
    this.changed();
  }

  /** Asks for something else; `typing`: somebody is not done yet. */
  ask(filter: Filter, typing: boolean): void {
    this.filter = filter;
    this.stop();
    if (!typing) return this.write();
    this.typing = setTimeout(() => {
      this.stop();
      this.write();
    }, TYPING_MS);
    this.changed();
  }

  /** Asks for a saved view, or (null) for every active job. */
  askView(id: string | null): void {
    this.stop();
    say({ ...NOTHING, view: id }, "step");
    this.follow(); // a view that was saved under the same address has another filter now
  }

  private write(): void {
    const isKept = this.view !== null && !this.isOwn;
    const blank = Object.keys(this.filter).length === 0;
    say({ ...NOTHING, ...(isKept ? {} : this.filter), ...(blank && !isKept ? { view: null } : {}) });
    this.changed();
  }

  private filterOfView(): Filter | null {
    return this.view === null ? null : this.kept(this.view);
  }

  private stop(): void {
    if (this.typing !== null) clearTimeout(this.typing);
    this.typing = null;
  }
}

/** Every key of a filter taken out of the address. */
const NOTHING = Object.fromEntries(FILTER_KEYS.map((key) => [key, null]));
