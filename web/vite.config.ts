import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { budget } from "./build/budget.ts";
import { installable } from "./build/installable.ts";
import { pageDepth } from "./build/page_depth.ts";
import { quickStart } from "./build/quick_start.ts";
import { PRO, TRACK } from "./src/installed_as.ts";

/** What is built; `paid` and `not-paid` are where a payment page sends the customer back to. */
const PAGES = ["track", "pro", "dispatch", "paid", "not-paid"];

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  // Every address in the output is relative, so the pages work under any sub-path.
  base: "./",
  plugins: [
    // The customer's page is served at track/{link}: one folder below its own assets.
    pageDepth({ "track.html": 1 }),
    quickStart({ "track.html": "src/track/follow_map.ts" }),
    installable({ "pro.html": PRO, "track.html": TRACK }),
    budget({ "track.html": 100_000, "pro.html": 110_000, "dispatch.html": 165_000 }),
  ],
  build: {
    target: "es2022",
    // A data: address would need a wider content security policy than 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { ...Object.fromEntries(PAGES.map((name) => [name, file(`${name}.html`)])), sw: file("src/sw.ts") },
      output: {
        // The service worker's address is its identity, and where it lies is what it may serve.
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
});
