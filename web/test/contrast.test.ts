import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const TOKENS = readFileSync(new URL("../src/styles/tokens.css", import.meta.url), "utf8");
const SURFACES = ["ground", "surface", "raised", "accent-soft", "live-soft", "warn-soft", "bad-soft"];
const TEXT = ["text", "muted", "accent", "live", "warn", "bad"];

/** The colours of a scheme by name, as `#rrggbb`; dark is what light says, unless it says otherwise. */
function colours(scheme: "light" | "dark"): Map<string, string> {
  const [light, dark] = TOKENS.split("@media (prefers-color-scheme: dark)");
  const parts = scheme === "light" ? [light] : [light, dark];
  return new Map(parts.flatMap((part) => [...(part ?? "").matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g)].map(([, name = "", value = ""]) => [name, value])));
}

/** Relative luminance, WCAG 2.2. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

test("contrast is computed as WCAG says", () => {
  assert.equal(contrast("#ffffff", "#000000"), 21);
  assert.equal(contrast("#777777", "#ffffff").toFixed(2), "4.48");
});

for (const scheme of ["light", "dark"] as const) {
  const known = colours(scheme);
  const of = (name: string): string => known.get(name) ?? assert.fail(`there is no --${name}`);

  test(`text reaches AA on every surface, ${scheme}`, () => {
    const pairs = [...TEXT.flatMap((name) => SURFACES.map((under) => [name, under] as const)), ["on-accent", "accent"] as const];
    const pale = pairs.filter(([name, under]) => contrast(of(name), of(under)) < 4.5);
    assert.deepEqual(pale, []);
  });

  test(`the edge of a control is seen, ${scheme}`, () => {
    assert.deepEqual(SURFACES.filter((under) => contrast(of("edge"), of(under)) < 3), []);
  });
}
