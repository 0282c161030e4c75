import type { Plugin } from "vite";

/**
 * Corrects relative addresses of pages that are served deeper than they are stored.
 *
 * `depths` maps a page's file name to the number of folders between the address it is served at and
 * the root of the build: `track/{link}` is 1, so `./assets/x.js` becomes `../assets/x.js`.
 */
export function pageDepth(depths: Record<string, number>): Plugin {
  return {
    name: "page-depth",
    enforce: "post", // when the pages are written, with the final names of their files
    generateBundle(_options, bundle) {
      for (const [name, depth] of Object.entries(depths)) {
        const page = bundle[name];
        if (page?.type !== "asset") return this.error(`${name} is not built`);
        page.source = String(page.source).replaceAll('="./', `="${"../".repeat(depth)}`);
      }
    },
  };
}
