import type { Plugin } from "vite";

/** What this plugin reads of the finished files. */
interface File {
  type: "asset" | "chunk";
  fileName: string;
  source?: string | Uint8Array;
  facadeModuleId?: string | null;
  imports?: string[];
  viteMetadata?: { importedCss?: Set<string> };
}

/**
 * Saves a page round trips, which are what a slow network has most of.
 *
 * Its styles stand in the page itself, so that its first words need nothing but the page; the server allows them by
 * their hash (`api/security_headers.py`). What it loads later is named in its head, to be fetched meanwhile and
 * after everything that the first words need.
 *
 * `pages` maps a page's file name to the module that is loaded later.
 */
export function quickStart(pages: Record<string, string>): Plugin {
  return {
    name: "quick-start",
    enforce: "post", // when the pages are written, with the final names of their files
    generateBundle(_options, bundle) {
      const files = Object.values(bundle) as unknown as File[];
      for (const [name, later] of Object.entries(pages)) {
        const page = files.find((file) => file.fileName === name);
        const chunk = files.find((file) => file.facadeModuleId?.endsWith(later));
        if (page === undefined) return this.error(`${name} is not built`);
        if (chunk === undefined) return this.error(`${name} does not load ${later}`);
        page.source = withHints(withStyles(String(page.source), files), chunk, files);
        if (/<link[^>]+rel="stylesheet"/.test(page.source)) return this.error(`${name} still loads styles`);
      }
    },
  };
}

const STYLESHEET = /<link rel="stylesheet"[^>]*href="[./]*([^"]+)">/g;

function withStyles(page: string, files: File[]): string {
  return page.replace(STYLESHEET, (_link, name: string) => {
    const css = String(files.find((file) => file.fileName === name)?.source ?? "").trim();
    if (css === "" || /url\((?!["']?data:)|<\//.test(css)) throw new Error(`${name} cannot stand in a page`);
    return `<style>${css}</style>`;
  });
}

/** Names the chunk, and what it imports, as files to fetch when nothing else waits. */
function withHints(page: string, chunk: File, files: File[]): string {
  const up = /(?:src|href)="([./]*)assets\//.exec(page)?.[1] ?? "./";
  const scripts = [...importedBy(chunk, files)].filter(({ fileName }) => !page.includes(fileName));
  const styles = new Set(scripts.flatMap((file) => [...(file.viteMetadata?.importedCss ?? [])]));
  const links = [
    ...scripts.map(({ fileName }) => `<link rel="modulepreload" fetchpriority="low" crossorigin href="${up}${fileName}">`),
    ...[...styles].map((name) => `<link rel="preload" as="style" fetchpriority="low" crossorigin href="${up}${name}">`),
  ];
  return page.replace("</head>", `${links.join("")}</head>`);
}

function importedBy(chunk: File, files: File[], found = new Set<File>()): Set<File> {
  found.add(chunk);
  for (const name of chunk.imports ?? []) {
    const file = files.find((each) => each.fileName === name);
    if (file !== undefined && !found.has(file)) importedBy(file, files, found);
  }
  return found;
}
