import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** What this plugin reads of a finished chunk. */
interface Chunk {
  fileName: string;
  code: string;
  imports: string[];
  dynamicImports: string[];
}

/** All JavaScript a page can ever load: its entry and everything reachable from it, lazily or not. */
function reachable(entry: string, chunks: Map<string, Chunk>): Chunk[] {
  const found = new Map<string, Chunk>();
  const waiting = [entry];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const chunk = chunks.get(name);
    if (!chunk || found.has(name)) continue;
    found.set(name, chunk);
    waiting.push(...chunk.imports, ...chunk.dynamicImports);
  }
  return [...found.values()];
}

/**
 * Prints each page's JavaScript in gzipped bytes and fails the build when a page exceeds its limit.
 *
 * `limits` maps a page's file name to its limit in bytes; lazily loaded chunks count.
 */
export function budget(limits: Record<string, number>): Plugin {
  return {
    name: "budget",
    generateBundle(_options, bundle) {
      const chunks = new Map<string, Chunk>();
      const entries = new Map<string, string>();
      for (const item of Object.values(bundle)) {
        if (item.type !== "chunk") continue;
        chunks.set(item.fileName, item);
        const page = item.facadeModuleId?.match(/([^/\\]+\.html)$/)?.[1];
        if (item.isEntry && page) entries.set(page, item.fileName);
      }
      for (const [page, entry] of entries) {
        const sizes = reachable(entry, chunks).map((chunk) => gzipSync(chunk.code).length);
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const limit = limits[page];
        const words = `${page}: ${(total / 1000).toFixed(1)} kB of JavaScript, gzipped, in ${sizes.length} files`;
        console.log(limit === undefined ? words : `${words} (limit ${limit / 1000} kB)`);
        if (limit !== undefined && total > limit) this.error(`${page} exceeds its JavaScript budget`);
      }
      for (const page of Object.keys(limits)) {
        if (!entries.has(page)) this.error(`the budget names ${page}, which is not built`);
      }
    },
  };
}
