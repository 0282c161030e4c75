import { ago } from "../../lib/format.ts";
import { region } from "../../lib/region.ts";
import { words as common } from "../words.ts";
import { fleet } from "../words/fleet.ts";
import { jobsIn, prosIn, type Counts } from "./layers.ts";
import type { Mark } from "./scene.ts";

const words = fleet.fleet;

/** What is in sight, in one line, trouble named: "12 pros in sight · 1 signal lost · 30 jobs · 2 late". */
export function inSight(counts: Counts): string {
  return [words.inSight(prosIn(counts)), ...rest(counts)].join(" · ");
}

/** What stands together: "12 pros · 1 signal lost". */
export function together(counts: Counts): string {
  return [...(prosIn(counts) > 0 ? [words.pros(prosIn(counts))] : []), ...rest(counts)].join(" · ");
}

function rest(counts: Counts): string[] {
  const parts: string[] = [];
  if (counts.delayed > 0) parts.push(words.some.delayed(counts.delayed));
  if (counts.lost > 0) parts.push(words.some.lost(counts.lost));
  const jobs = jobsIn(counts);
  if (jobs > 0) parts.push(words.jobs(jobs));
  if (counts.late > 0) parts.push(words.some.late(counts.late));
  return parts;
}

/** What a thing is and how it is: a title and the lines below it. `now_ms` is epoch time. */
export function lines(mark: Mark, now_ms: number): [title: string, ...more: string[]] {
  if (mark.kind === "pro") {
    const { pro, layer } = mark;
    const more = pro.job_id === null ? [words.noJob] : [];
    return [words.pro(pro.name, words.layer[layer]), words.seen(ago(pro.recorded_ms, now_ms, region)), ...more];
  }
  const { card, layer } = mark;
  const state = layer === "late" ? `${common.status[card.status]}, ${words.late}` : common.status[card.status];
  return [card.service, `${state} · ${card.pro?.name ?? words.layer.open}`, `${card.customer_name} · ${card.address}`];
}
