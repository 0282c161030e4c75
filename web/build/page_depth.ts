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
    enforce: "post",
    transformIndexHtml: {
      order: "post",
      handler(html, context) {
        const name = context.path.replace(/^\//, "");
        const depth = depths[name] ?? 0;
        return depth === 0 ? html : html.replaceAll('="./', `="${"../".repeat(depth)}`);
      },
    },
  };
}
