import { h } from "../../lib/dom.ts";
import type { JobDetail } from "./detail.ts";

type Told = Node | string | null | false;

/** One line of a list of facts: what it is, and what is known of it. */
export function fact(term: string, ...told: Told[]): HTMLElement {
  return h("div", {}, h("dt", { class: "muted" }, term), h("dd", { class: "said" }, ...told));
}

/** Nothing of what is installed or paid is changed any more. */
export function isOver(detail: JobDetail): boolean {
  return detail.job.status === "paid" || detail.job.status === "cancelled";
}
