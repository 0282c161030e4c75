import type L from "leaflet";
import type { HttpProblem } from "../../lib/http.ts";
import { assignSection } from "./assign_section.ts";
import { equipmentSection } from "./equipment_section.ts";
import { evidenceSection } from "./evidence_section.ts";
import { flagSection } from "./flag_section.ts";
import { installSection } from "./install_section.ts";
import type { JobSource } from "./detail.ts";
import { messageSection } from "./message_section.ts";
import { moneySection } from "./money_section.ts";
import { reviewSection } from "./review_section.ts";
import type { Refreshable } from "./section.ts";
import type { Ways } from "./steps.ts";
import { timelineSection } from "./timeline_section.ts";

/** What the job panel shows of a job beside its status, in this order. */
export interface Sections {
  all: Refreshable[];
  /** To what stands in the way of a step. */
  ways: Ways;
  close(): void;
}

/** `changed` is called when something was done in one of them. */
export function sectionsOf(source: JobSource, map: L.Map, panel: HTMLElement, changed: () => void): Sections {
  const flags = flagSection(source, changed);
  const assign = assignSection(source, map, panel, changed);
  const install = installSection(source, changed, (problem) => explain(problem));
  const equipment = equipmentSection(source, changed, install.edit);
  const explain = (problem: HttpProblem): (Node | string)[] | null => equipment.explain(problem);
  return {
    all: [
      flags,
      assign.section,
      install.section,
      equipment.section,
      moneySection(source, changed),
      messageSection(source, changed),
      evidenceSection(source, changed),
      reviewSection(source, changed),
      timelineSection(source, changed),
    ],
    ways: { no_pro: () => assign.section.reveal(), critical_flags: () => flags.reveal(), not_delivered: () => equipment.section.reveal() },
    close: assign.close,
  };
}
