import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "vite";
import { icon, type IconShape } from "./icons.ts";

/** What the system shows of an installed page, in one of our languages. */
export interface AppNames {
  name: string;
  short_name: string;
  description: string;
}

/** A page that can be installed, and that its service worker opens without a network. */
export interface InstallablePage {
  /** Where it is served, relative to the root; any of its addresses, if it has several. */
  address: string;
  /** Where an installed one begins; null: at the address it was installed from. */
  start: string | null;
  names: Record<string, AppNames>;
}

/** What the service worker must have of a page before it can stand in for the network. */
interface Shell {
  address: string;
  version: string;
  files: string[];
}

const WORKER = "sw.js";
const SHELLS = "__SHELLS__";
const BADGE = "__BADGE__";
const ICONS: { size: number; shape: IconShape; purpose: string }[] = [
  { size: 192, shape: "rounded", purpose: "any" },
  { size: 512, shape: "rounded", purpose: "any" },
  { size: 512, shape: "full", purpose: "maskable" },
];

type Bundle = Record<string, { type: "asset"; source: string | Uint8Array } | { type: "chunk"; code: string }>;

/**
 * Makes pages installable: draws the icons, writes a manifest per language, links both from the page, and
 * tells the service worker which files each page needs and which build they are.
 */
export function installable(pages: Record<string, InstallablePage>): Plugin {
  return {
    name: "installable",
    enforce: "post", // after the pages are written
    generateBundle(_options, output) {
      const bundle = output as unknown as Bundle;
      const emit = (name: string, source: string | Uint8Array): string => {
        return this.getFileName(this.emitFile({ type: "asset", name, source }));
      };
      const icons = ICONS.map(({ size, shape, purpose }) => ({
        src: base(emit(`icon-${shape}-${size}.png`, icon(size, shape))),
        sizes: `${size}x${size}`,
        type: "image/png",
        purpose,
      }));
      const touch = emit("touch-icon.png", icon(180, "full"));
      emit("badge.png", icon(96, "badge"));
      for (const [file, page] of Object.entries(pages)) {
        const html = bundle[file];
        if (html?.type !== "asset") return this.error(`${file} is not built`);
        const up = "../".repeat(page.address.split("/").length - 1) || "./";
        const manifests = Object.entries(page.names).map(([language, names]): [string, string] => {
          return [language, emit(`${file.replace(".html", "")}-${language}.webmanifest`, manifest(page, names, icons))];
        });
        html.source = String(html.source).replace("</head>", `${links(up, touch, manifests)}</head>`);
      }
    },
    // Only what is written has all its names: Vite fills in those of lazily loaded files last.
    async writeBundle(options, output) {
      const bundle = output as unknown as Bundle;
      const shells = Object.entries(pages).map(([file, page]) => [file.replace(".html", ""), shellOf(file, page, bundle)]);
      const badge = Object.keys(bundle).find((name) => base(name).startsWith("badge-"));
      const worker = bundle[WORKER];
      if (worker?.type !== "chunk") return this.error(`${WORKER} is not built`);
      if (/\bimport\b/.test(worker.code)) return this.error(`${WORKER} must stand alone: not every browser knows modules there`);
      const code = worker.code
        .replace(SHELLS, () => JSON.stringify(Object.fromEntries(shells)))
        .replace(BADGE, () => JSON.stringify(badge));
      if (code.includes("__") || badge === undefined) return this.error(`${WORKER} was not told everything`);
      await writeFile(join(options.dir ?? ".", WORKER), code);
    },
  };
}

/** Its addresses are relative to the manifest's own, which lies in `assets/`. */
function manifest(page: InstallablePage, names: AppNames, icons: object[]): string {
  const start = page.start === null ? {} : { start_url: `../${page.start}`, scope: `../${page.start}` };
  const look = { display: "standalone", background_color: "#f3f4f1", theme_color: "#1a5fb4" };
  return JSON.stringify({ ...names, ...start, ...look, icons });
}

/** The links of a page's head: the first language's manifest, the others' in `data-…` (see lib/language.ts). */
function links(up: string, touch: string, manifests: [string, string][]): string {
  const [first] = manifests;
  const others = manifests.map(([language, file]) => ` data-${language}="${up}${file}"`).join("");
  return `<link rel="manifest" href="${up}${first?.[1]}"${others}><link rel="apple-touch-icon" href="${up}${touch}">`;
}

/** A page's files are those whose names it mentions, and those that these mention. */
function shellOf(file: string, page: InstallablePage, bundle: Bundle): Shell {
  const names = Object.keys(bundle).filter((name) => name.startsWith("assets/"));
  const found = new Set<string>();
  const waiting = [file];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const text = textOf(bundle[at]);
    for (const name of names) {
      if (found.has(name) || !text.includes(base(name))) continue;
      found.add(name);
      waiting.push(name);
    }
  }
  const files = [...found].sort();
  const hash = createHash("sha256").update(textOf(bundle[file])).update(files.join("\n"));
  return { address: page.address, version: hash.digest("hex").slice(0, 12), files };
}

function textOf(item: Bundle[string] | undefined): string {
  if (item === undefined) return "";
  if (item.type === "chunk") return item.code;
  return typeof item.source === "string" ? item.source : Buffer.from(item.source).toString("latin1");
}

function base(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
