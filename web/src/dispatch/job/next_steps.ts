import { ONWARD } from "../../lib/job.ts";
import type { Status } from "../../lib/wire.ts";
import type { JobDetail, NextStep } from "./detail.ts";
import { flags } from "../words/flags.ts";
import { panel } from "../words/panel.ts";
import { steps } from "../words/steps.ts";
import { worded } from "../words/worded.ts";

/** What a tap on a step does. Pure. */
export type Offer =
  | { kind: "go" } // the step is taken
  | { kind: "assign" } // somebody must be chosen first
  | { kind: "schedule" } // a time must be agreed on first
  | { kind: "cancel" } // there is no way back: why?
  | { kind: "refused"; guards: string[]; reasons: string[]; waivable: boolean }; // a guard stands in the way

/** The guards that a step itself answers by asking: who, and when. */
const ASKS: Readonly<Record<string, Offer>> = { no_pro: { kind: "assign" }, no_window: { kind: "schedule" } };

/** What the button of a step offers. */
export function offerOf(step: NextStep, detail: JobDetail): Offer {
  if (step.status === "cancelled") return { kind: "cancel" };
  if (step.status === "scheduled") return { kind: "schedule" };
  const asks = step.guards.map((guard) => ASKS[guard]).find((offer) => offer !== undefined);
  if (asks !== undefined) return asks;
  if (step.unmet.length === 0) return { kind: "go" };
  return { kind: "refused", guards: step.guards, reasons: step.guards.map((guard, at) => reason(guard, step.unmet[at] ?? guard, detail)), waivable: step.waivable };
}

/** Whether it is the usual next step, and nothing stands in its way. */
export function isOnward(step: NextStep, status: Status): boolean {
  return ONWARD[status] === step.status && step.unmet.length === 0;
}

/** A guard in the reader's words; the flags that are meant by name. */
function reason(guard: string, unmet: string, detail: JobDetail): string {
  if (guard === "critical_flags") {
    const open = detail.pain_flags.filter((flag) => flag.resolved_at === null && flag.severity === "CRITICAL");
    return panel.criticalFlags(open.map((flag) => `“${worded(flags.type, flag.type)}”`).join(", "));
  }
  return Object.hasOwn(steps.guard, guard) ? worded(steps.guard, guard) : unmet;
}
