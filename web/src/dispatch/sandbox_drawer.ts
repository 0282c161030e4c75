import { h } from "../lib/dom.ts";
import { moment, money } from "../lib/format.ts";
import type { Http } from "../lib/http.ts";
import { region } from "../lib/region.ts";
import { Drawer } from "./drawer.ts";
import { button } from "./forms.ts";
import { sandboxLabel } from "./sandbox_label.ts";
import { words, worded } from "./words.ts";

/** One object of `GET /api/dispatch/sandbox`: what a real provider would have charged or sent. */
interface SandboxObject {
  id: string;
  kind: string;
  job_id: string | null;
  body: Record<string, unknown>;
  updated_at: string;
}

/** The newest things that went to a sandbox instead of the world; a payment page can be paid on here. */
export class SandboxDrawer {
  private readonly http: Http;
  private readonly openJob: (job_id: string) => void;
  private readonly drawer: Drawer<SandboxObject[]>;

  constructor(http: Http, openJob: (job_id: string) => void, ...above: Node[]) {
    this.http = http;
    this.openJob = openJob;
    this.drawer = new Drawer(
      "sandbox",
      words.sandbox.title,
      async () => (await http.get<{ objects: SandboxObject[] }>("api/dispatch/sandbox")).objects,
      (objects) => [objects.length === 0 ? h("p", { class: "muted" }, words.sandbox.none) : h("ul", { class: "lines" }, ...objects.map((one) => this.row(one)))],
      h("p", { class: "small muted" }, words.sandbox.meaning),
      ...above,
    );
  }

  open(): void {
    this.drawer.open();
  }

  close(): void {
    this.drawer.close();
  }

  /** Something happened, or time passed: what is looked at is kept fresh. */
  refresh(): void {
    if (this.drawer.isOpen) void this.drawer.refresh();
  }

  /** Does something that the drawer's own list will show. */
  act(work: () => Promise<unknown>): Promise<boolean> {
    return this.drawer.act(work);
  }

  private row(one: SandboxObject): HTMLElement {
    const { job_id } = one;
    const pay = (): void => void this.act(() => this.http.post(`api/dispatch/sandbox/checkouts/${encodeURIComponent(one.id)}/pay`, undefined));
    const open = (id: string): void => {
      this.close();
      this.openJob(id);
    };
    return h(
      "li",
      { "data-sandbox": one.kind },
      h("span", { class: "row small" }, h("strong", {}, worded(words.sandbox.kind, one.kind), " "), sandboxLabel("sandbox")),
      ...told(one.body).map((text) => h("p", { class: "small said" }, text)),
      h("p", { class: "small muted" }, moment(Date.parse(one.updated_at), region)),
      h(
        "div",
        { class: "actions" },
        one.kind === "checkout" && one.body["status"] === "open" && button(`sandbox-pay-${one.id}`, words.money.payAsCustomer, pay),
        job_id !== null && button(`sandbox-job-${one.id}`, words.sandbox.openJob, () => open(job_id)),
      ),
    );
  }
}

/** The lines that tell people what it is: money first, then who, then the words that were sent. */
function told(body: Record<string, unknown>): string[] {
  const text = (name: string): string | null => (typeof body[name] === "string" && body[name] !== "" ? body[name] : null);
  const { amount_cents } = body;
  const amount = typeof amount_cents === "number" ? money(amount_cents, region, text("currency") ?? "USD") : null;
  const status = text("status");
  const paid = [amount, status === null ? null : worded(words.sandbox.status, status)].filter((part) => part !== null);
  const to = text("to") ?? text("account");
  const lines = [paid.join(" · ") || null, to === null ? null : words.sandbox.to(to), text("description"), text("subject"), text("title"), text("body"), text("text")];
  return lines.filter((line): line is string => line !== null);
}
