import { h } from "../lib/dom.ts";
import type { Install, Job } from "../lib/job.ts";
import { words } from "./words.ts";

/** What the pro must know of the home and the work; nothing when there is nothing to say. */
export function installPart(job: Job): HTMLElement | null {
  const rows = [...(job.notes ? [row(words.notes, job.notes)] : []), ...(job.install ? installRows(job.install) : [])];
  if (rows.length === 0) return null;
  return h("details", { class: "details" }, h("summary", { "data-key": `${job.id}:details` }, words.details), h("dl", {}, ...rows));
}

function installRows(install: Install): HTMLElement[] {
  const facts: [string, string | null][] = [
    [words.install.items, install.items.map(({ quantity, name }) => `${quantity} × ${name}`).join(", ")],
    [words.install.wires, valueOf(install.wire_management_required)],
    [words.install.wall, valueOf(install.wall_type)],
    [words.install.surface, install.mounting_surface_notes],
    [words.install.constraints, install.special_constraints.map(valueOf).join(", ")],
    [words.install.priority, install.customer_priority_notes],
  ];
  return facts.filter((fact): fact is [string, string] => Boolean(fact[1])).map(([term, value]) => row(term, value));
}

function row(term: string, value: string): HTMLElement {
  return h("div", {}, h("dt", {}, term), h("dd", {}, value));
}

function valueOf(code: string): string {
  return Object.hasOwn(words.value, code) ? (words.value[code] ?? code) : code.toLowerCase().replaceAll("_", " ");
}
