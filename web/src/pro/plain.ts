import { HttpProblem } from "../lib/http.ts";
import type { Errand } from "./errands.ts";
import { words } from "./words.ts";

/** Why the server said no, in the reader's language where we have words for it. */
export function plainly(problem: HttpProblem): string {
  if (problem.status === 0 && !navigator.onLine) return words.offline;
  if (problem.code === "guard_refused") return unmetOf(problem) ?? problem.message;
  return words.problem[problem.code] ?? (problem.status >= 500 ? words.problem["unavailable"] : undefined) ?? problem.message;
}

/** What stands in the way of a step, by the codes of tracker/jobs/lifecycle.py (`Guard`). */
function unmetOf(problem: HttpProblem): string | null {
  const guards = problem.facts["guards"];
  if (!Array.isArray(guards)) return null;
  const plain = guards.map((guard) => words.unmet[String(guard)]);
  return plain.length === 0 || plain.includes(undefined) ? null : plain.join(" ");
}

/** What became of something the person did, when the server would not have it. */
export function refusalOf(errand: Errand, problem: HttpProblem, others: number): string {
  const why = plainly(problem);
  if (errand.kind !== "step") {
    const what = words.refused.what[errand.kind === "photo" ? errand.shows : "signature"];
    return words.refused.file(errand.service, what, why);
  }
  const more = others === 0 ? "" : words.refused.others(others);
  return words.refused.step(errand.service, words.move[errand.to], why) + more;
}
