import { h } from "../../lib/dom.ts";
import { moment } from "../../lib/format.ts";
import { region } from "../../lib/region.ts";
import type { JobSource } from "./detail.ts";
import { Section } from "./section.ts";
import { words, worded } from "../words.ts";

/** One piece of `GET /api/jobs/{id}/evidence`, as dispatch sees it. */
interface Evidence {
  id: string;
  kind: string;
  created_at: string;
  url: string;
  thumb_url: string;
  uploaded_by: string | null;
  doubts: string[] | null;
}

/** Photos and the signature, and what speaks against each of them. */
export function evidenceSection(source: JobSource, changed: () => void): Section<Evidence[]> {
  return new Section(
    {
      name: "evidence",
      title: words.evidence.title,
      read: async () => (await source.http.get<{ evidence: Evidence[] }>(`api/jobs/${encodeURIComponent(source.id)}/evidence`)).evidence,
      digest: (pieces) => words.evidence.digest(pieces.length, pieces.filter((one) => doubtsOf(one).length > 0).length),
      body: (pieces) => [pieces.length === 0 ? h("p", { class: "small muted" }, words.evidence.none) : h("ul", { class: "thumbs" }, ...pieces.map(thumb))],
    },
    changed,
  );
}

function thumb(piece: Evidence): HTMLElement {
  const kind = worded(words.evidence.kind, piece.kind);
  const at = moment(Date.parse(piece.created_at), region);
  return h(
    "li",
    {},
    h(
      "a",
      { href: ours(piece.url), target: "_blank", rel: "noreferrer", "data-key": `evidence-${piece.id}` },
      h("img", { src: ours(piece.thumb_url), alt: words.evidence.alt(kind, at), width: "120", height: "90", loading: "lazy" }),
    ),
    h("span", { class: "small" }, kind),
    ...doubtsOf(piece).map((doubt) => h("span", { class: "small doubt" }, worded(words.evidence.doubt, doubt))),
  );
}

function doubtsOf(piece: Evidence): string[] {
  return piece.doubts ?? [];
}

/** The server names itself by its public address; this page asks the origin that it came from itself. */
function ours(address: string): string {
  const { pathname, search } = new URL(address, location.href);
  return pathname + search;
}
