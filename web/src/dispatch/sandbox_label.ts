import { h } from "../lib/dom.ts";
import { words } from "./words.ts";

/** The label of everything that went to a sandbox instead of the world; null for what was real. */
export function sandboxLabel(provider: string | null): HTMLElement | null {
  return provider === "sandbox" ? h("span", { class: "sandbox-label", title: words.sandbox.meaning }, words.sandbox.label) : null;
}
