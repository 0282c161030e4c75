import { h } from "../../lib/dom.ts";
import { moment } from "../../lib/format.ts";
import { region } from "../../lib/region.ts";
import { button } from "../forms.ts";
import { sandboxLabel } from "../sandbox_label.ts";
import type { JobSource } from "./detail.ts";
import { Section } from "./section.ts";
import { words, worded } from "../words.ts";

/** One message of `GET /api/dispatch/messages`: a text, a mail or a push, and what became of it. */
interface Message {
  id: number;
  person_name: string;
  kind: string;
  title: string;
  body: string;
  channel: string;
  recipient: string;
  status: string;
  problem: string | null;
  provider: string | null;
  created_at: string;
}

/** The states in which nobody was told. */
const TROUBLE = new Set(["failed", "expired", "suppressed"]);
const RESENDABLE = new Set(["failed", "expired"]);
const MOST = 200;
/** What becomes of a message is no job event. */
const AGAIN_S = 2;

/** Who was told what about the job, by which channel, newest first. */
export function messageSection(source: JobSource, changed: () => void): Section<Message[]> {
  const { http, id } = source;
  const section: Section<Message[]> = new Section(
    {
      name: "messages",
      title: words.messages.title,
      read: async () => (await http.get<{ messages: Message[] }>(`api/dispatch/messages?limit=${MOST}&job_id=${encodeURIComponent(id)}`)).messages,
      again_s: AGAIN_S,
      digest: (messages) => words.messages.digest(messages.length, messages.filter((one) => TROUBLE.has(one.status)).length),
      body: (messages) => [messages.length === 0 ? h("p", { class: "small muted" }, words.messages.none) : h("ul", { class: "lines" }, ...messages.map(row))],
    },
    changed,
  );

  function row(one: Message): HTMLElement {
    const state = h("span", { class: TROUBLE.has(one.status) ? "doubt" : "muted" }, worded(words.messages.status, one.status));
    const again = (): void => void section.act(() => http.post(`api/dispatch/messages/${one.id}/resend`, undefined));
    return h(
      "li",
      { "data-message": one.kind, "data-channel": one.channel },
      h("span", { class: "row small" }, h("strong", {}, one.title), state),
      h("p", { class: "small said" }, one.body),
      h("p", { class: "small muted" }, words.messages.way(worded(words.messages.channel, one.channel), one.person_name, moment(Date.parse(one.created_at), region)), " ", sandboxLabel(one.provider)),
      one.problem !== null && h("p", { class: "small doubt" }, one.problem),
      RESENDABLE.has(one.status) && button(`resend-${one.id}`, words.messages.resend, again),
    );
  }

  return section;
}
