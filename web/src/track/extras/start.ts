import "../../styles/extras.css";
import { byId, h } from "../../lib/dom.ts";
import type { Http } from "../../lib/http.ts";
import { learnProblems } from "../../lib/problems.ts";
import { PushSwitch } from "../../lib/push.ts";
import { registerWorker } from "../../lib/service_worker.ts";
import { words } from "../words/extras.ts";
import { NotifyPart } from "./notify.ts";
import { SharePart } from "./share.ts";

/** What a customer may do beside watching. Loaded when the first words and the map are there. */
export function startExtras(http: Http, link: string, job_id: string, over: boolean): void {
  learnProblems(words.problems);
  const worker = registerWorker(http.root, "track", undefined, isIdle);
  if (over) return; // there is nothing left to follow
  const notify = new NotifyPart(new PushSwitch(http, worker, link));
  const share = new SharePart(http, job_id);
  const extras = byId("extras");
  extras.append(fold("share", words.share.title, share), fold("notify", words.notify.title, notify));
  extras.hidden = false;
}

/** A part that is read when it is opened. */
function fold(id: string, title: string, part: { element: HTMLElement; refresh(): Promise<void> }): HTMLElement {
  const details = h("details", { id, class: "fold" }, h("summary", {}, title), part.element);
  details.addEventListener("toggle", () => {
    if (details.open) void part.refresh();
  });
  return details;
}

/** Whether a new build may take over: nobody is in the middle of writing, and no link is shown that is shown once. */
function isIdle(): boolean {
  const fields = document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("textarea, input:not([type=radio])");
  return [...fields].every((field) => field.value === "");
}
