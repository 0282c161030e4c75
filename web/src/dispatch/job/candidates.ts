import { ago, distance } from "../../lib/format.ts";
import { region } from "../../lib/region.ts";
import { stars } from "./head.ts";
import { assign as words } from "../words/assign.ts";
import { panel } from "../words/panel.ts";

/** A pro as `GET /api/dispatch/jobs/{id}/candidates` names them, best first. */
export interface Candidate {
  id: string;
  name: string;
  on_duty: boolean;
  distance_m: number | null;
  lat: number | null;
  lng: number | null;
  seen_at: string | null;
  active_jobs: number;
  conflicts: number;
  rating: number | null;
  rating_count: number;
}

/** What speaks for and against a pro, in the order in which a dispatcher asks; `against` stands out. */
export function judge(pro: Candidate, now_ms: number): { text: string; against: boolean }[] {
  const seen = pro.seen_at === null || pro.distance_m === null ? words.unseen : words.seen(ago(Date.parse(pro.seen_at), now_ms, region));
  const facts = [
    pro.distance_m === null ? null : { text: words.away(distance(pro.distance_m, region)), against: false },
    { text: seen, against: false },
    { text: words.load(pro.active_jobs), against: false },
    { text: pro.rating === null ? panel.unrated : panel.rated(stars(pro.rating), pro.rating_count), against: false },
    pro.on_duty ? null : { text: words.offDuty, against: true },
    pro.conflicts === 0 ? null : { text: words.conflicts(pro.conflicts), against: true },
  ];
  return facts.filter((fact) => fact !== null);
}

/** What a dispatcher is asked before a pro gets the job; null: nothing speaks against it. */
export function doubt(pro: Candidate, holder: { id: string; name: string } | null): string | null {
  const parts = [
    holder !== null && holder.id !== pro.id && words.takesFrom(holder.name, pro.name),
    pro.conflicts > 0 && words.despite(pro.name),
  ].filter((part) => part !== false);
  return parts.length === 0 ? null : parts.join(" ");
}
