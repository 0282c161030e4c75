/** A pro as `GET /api/dispatch/jobs/{id}/candidates` names them, best first (what bulk assignment uses of it). */
export interface Candidate {
  id: string;
  name: string;
  on_duty: boolean;
  distance_m: number | null;
  active_jobs: number;
  conflicts: number;
}

/** A pro for several jobs at once. */
export interface Suited {
  id: string;
  name: string;
  on_duty: boolean;
  /** How many of the jobs they could take. */
  jobs: number;
  /** Jobs of theirs at the same times. */
  conflicts: number;
  /** On average, metres; null: nobody knows where they are. */
  distance_m: number | null;
  active_jobs: number;
}

/** Who could take the most of these jobs: on duty, free and near ones first among equals. */
export function suitedFor(lists: readonly (readonly Candidate[])[]): Suited[] {
  const found = new Map<string, Candidate[]>();
  for (const candidate of lists.flat()) {
    const known = found.get(candidate.id);
    if (known) known.push(candidate);
    else found.set(candidate.id, [candidate]);
  }
  return [...found.values()].map(together).sort(better);
}

function together(many: Candidate[]): Suited {
  const distances = many.map(({ distance_m }) => distance_m).filter((metres) => metres !== null);
  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
  const [{ id = "", name = "", on_duty = false, active_jobs = 0 } = {}] = many;
  return {
    ...{ id, name, on_duty, active_jobs, jobs: many.length },
    conflicts: sum(many.map(({ conflicts }) => conflicts)),
    distance_m: distances.length === 0 ? null : sum(distances) / distances.length,
  };
}

function better(one: Suited, other: Suited): number {
  const far = ({ distance_m }: Suited): number => distance_m ?? 1e9;
  return other.jobs - one.jobs || Number(other.on_duty) - Number(one.on_duty) || one.conflicts - other.conflicts || far(one) - far(other);
}

/** A list in pieces of at most so many. */
export function pieces<T>(list: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / most) }, (_, index) => list.slice(index * most, (index + 1) * most));
}
