import { h } from "../lib/dom.ts";
import type { Job } from "../lib/job.ts";
import type { Shows } from "./errands.ts";
import type { JobCardParts } from "./job_card.ts";
import { words } from "./words.ts";

const KINDS: readonly Shows[] = ["before", "after", "signature"];
/** What is asked for while a job has a status; the rest would only be in the way. */
const WANTED: Record<"arrived" | "in_progress", readonly Shows[]> = {
  arrived: ["before"],
  in_progress: ["before", "after", "signature"],
};

/** The photos and the signature of a job at its place: what is there, what is missing, and how to add it. */
export function evidencePart(job: Job, parts: JobCardParts): HTMLElement {
  const wanted = WANTED[job.status === "arrived" ? "arrived" : "in_progress"];
  const missing = wanted.filter((shows) => countOf(parts, shows) === 0);
  const unseen = missing.filter((shows) => shows !== "signature").at(-1);
  return h(
    "section",
    { class: "evidence", "aria-label": words.evidence.title },
    thumbs(parts),
    h(
      "div",
      { class: "actions" },
      ...wanted.filter((shows) => shows !== "signature").map((shows) => photoButton(job, shows, parts)),
      parts.addSample !== null && unseen !== undefined && sampleButton(job, unseen, parts.addSample),
      wanted.includes("signature") &&
        h("button", { class: "button", type: "button", "data-key": `${job.id}:sign`, click: () => parts.sign() }, words.evidence.sign),
    ),
    parts.preparing && h("p", { class: "small muted", role: "status" }, words.evidence.preparing),
    missing.length > 0 && h("p", { class: "small muted" }, words.missing(missing.map((shows) => words.missingPart[shows]).join(", "))),
  );
}

/** How many there are of a kind, sent or waiting. */
function countOf(parts: JobCardParts, shows: Shows): number {
  const waiting = parts.waiting.filter((errand) => shownBy(errand) === shows);
  return parts.pieces.filter(({ kind }) => kind === shows).length + waiting.length;
}

function shownBy(errand: JobCardParts["waiting"][number]): Shows | null {
  if (errand.kind === "step") return null;
  return errand.kind === "photo" ? errand.shows : "signature";
}

function thumbs(parts: JobCardParts): HTMLElement | null {
  const sent = KINDS.flatMap((shows) => {
    return parts.pieces.filter(({ kind }) => kind === shows).map(({ thumb_url }) => thumb(shows, ours(thumb_url), false));
  });
  const waiting = parts.waiting.flatMap((errand) => {
    const shows = shownBy(errand);
    return shows === null ? [] : [thumb(shows, errand.kind === "photo" ? errand.thumb : "", true)];
  });
  return sent.length + waiting.length === 0 ? null : h("ul", { class: "thumbs" }, ...sent, ...waiting);
}

function thumb(shows: Shows, src: string, waits: boolean): HTMLElement {
  const what = words.evidence.count[shows];
  const picture = src === "" ? h("span", { class: "no-picture", "aria-hidden": "true" }, "✎") : h("img", { src, alt: words.evidence.alt(what), width: "72", height: "72" });
  const state = waits ? h("span", { class: "small muted" }, words.evidence.waiting) : null;
  return h("li", { "data-waits": String(waits) }, picture, h("span", { class: "small" }, what), state);
}

/** A file chooser that looks like a button: the phone offers its camera and its photos. */
function photoButton(job: Job, shows: Shows, parts: JobCardParts): HTMLElement {
  // Named kinds only: then iPhones hand over JPEG instead of their own format.
  const input = h("input", { class: "visually-hidden", type: "file", accept: "image/jpeg,image/png,image/webp", multiple: true, "data-key": `${job.id}:${shows}` });
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    input.value = ""; // the same photo may be chosen again
    if (files.length > 0) parts.addPhoto(shows, files);
  });
  return h("label", { class: "button", "data-photo": shows }, words.evidence.add[shows], input);
}

/** For who tries the demo at a desk. */
function sampleButton(job: Job, shows: Shows, addSample: (shows: Shows) => void): HTMLElement {
  return h("button", { class: "button", type: "button", "data-key": `${job.id}:sample`, click: () => addSample(shows) }, words.demo.sample);
}

/** The server names itself by its public address; this page asks the origin that it came from itself. */
function ours(address: string): string {
  const { pathname, search } = new URL(address, location.href);
  return pathname + search;
}
