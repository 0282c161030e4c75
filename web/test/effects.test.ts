import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { outbox } from "../src/dispatch/words/outbox.ts";

test("every effect that a worker can give up has words, and no others", () => {
  const python = readFileSync(new URL("../../tracker/jobs/consequences.py", import.meta.url), "utf8");
  const [, members = ""] = /class Effect\(StrEnum\):([\s\S]*?)\n\n\n/.exec(python) ?? [];
  const effects = [...members.matchAll(/^ {4}[A-Z_]+ = "([a-z_]+)"/gm)].map(([, effect]) => effect);
  assert.ok(effects.length > 20);
  assert.deepEqual(Object.keys(outbox.effect).sort(), effects.sort());
});
