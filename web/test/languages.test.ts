import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { catalogueFiles, sentences, spoken, texts } from "./catalogues.ts";

const WEB = fileURLToPath(new URL("..", import.meta.url));

/** What is the same in both languages on purpose: names, addresses, words that Spanish has too. */
const ALIKE = new Set(["Cables", "Total", "no", "SMS", "+1 202 555 0142"]);

/** Two letters in a row that are no unit and no fact that a sentence was tried with: they belong to one language. */
const WORD = /(?!\b(min|km|mi|true|false)\b)(?<!\p{Letter})\p{Letter}{2}/u;

for (const file of catalogueFiles()) {
  test(`${file} says the same things in both languages`, async () => {
    const english = sentences(await spoken(file, "en"));
    const spanish = sentences(await spoken(file, "es"));
    assert.ok(english.size > 0, "a catalogue has sentences");
    assert.deepEqual([...spanish.keys()].sort(), [...english.keys()].sort());
    for (const [path, said] of english) {
      const dicho = spanish.get(path);
      assert.equal(dicho === "", said === "", `${path} is empty in one language`);
      if (typeof dicho === "function" && typeof said === "function") assert.ok(dicho.length <= said.length, `${path} is told of more in Spanish`);
    }
  });

  test(`${file} leaves nothing in English`, async () => {
    const english = sentences(await spoken(file, "en"));
    const spanish = sentences(await spoken(file, "es"));
    const same = [...english].flatMap(([path, said]) => {
      const dicho = new Set(texts(spanish.get(path) ?? ""));
      return texts(said).filter((text) => WORD.test(text) && dicho.has(text) && !ALIKE.has(text)).map((text) => `${path}: ${text}`);
    });
    assert.deepEqual([...new Set(same)], []);
  });
}

/** What people never read: styles, selectors, errors of a programmer, paths of an icon. */
const UNREAD = /(class|rel|sizes|fill|font|autocomplete|accept|allow|pattern|transform|viewBox|d)["']?\s*[:=,]\s*$|className\s*=\s*$|(querySelector(All)?|closest|matches|Error|toggle|media|matchMedia|import|from)\s*(<[^>]*>)?\(?\s*$/;
const LITERAL = /"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g;
const SENTENCE = /\p{Letter}{2,}[,.:;!?’]* \p{Letter}{2,}/u;

/** Literals of a program that read like a sentence, outside of the catalogues. */
function sentencesIn(program: string): string[] {
  const code = program.replaceAll(/\/\*[\s\S]*?\*\/|(^|[^:"`])\/\/.*$/gm, "$1");
  return [...code.matchAll(LITERAL)]
    .filter(({ index }) => !UNREAD.test(code.slice(Math.max(0, index - 60), index)))
    .map(([literal]) => literal.slice(1, -1).replaceAll(/\$\{[^}]*\}/g, ""))
    .filter((text) => SENTENCE.test(text) && !/^[a-z-]+( [a-z0-9-]+)*$/.test(text) && !/[<>{}=#[\]]/.test(text));
}

test("no page shows a sentence that stands outside of the catalogues", () => {
  const files = globSync(["src/**/*.ts"], { cwd: WEB }).filter((file) => !/words|installed_as|lib\/(problems|format|language)\.ts$/.test(file));
  const found = files.flatMap((file) => sentencesIn(readFileSync(`${WEB}/${file}`, "utf8")).map((text) => `${file}: ${text}`));
  assert.deepEqual(found, []);
  assert.deepEqual(sentencesIn('h("p", { class: "notice small" }, "Nothing is here yet.")'), ["Nothing is here yet."]); // it does look
  assert.deepEqual(sentencesIn("setText(own, `You have ${count} jobs.`)"), ["You have  jobs."]);
});

test("no page's markup holds words that are not written by its catalogue", () => {
  for (const file of globSync("*.html", { cwd: WEB })) {
    const markup = readFileSync(`${WEB}/${file}`, "utf8").replaceAll(/<noscript>[\s\S]*?<\/noscript>|<(script|style)[\s\S]*?<\/\1>|<!--[\s\S]*?-->/g, "");
    const bare = [...markup.matchAll(/<(\w+)([^<>]*)>([^<>]*\p{Letter}{2}[^<>]*)</gu)].filter(([, , attributes]) => !attributes?.includes("data-word="));
    assert.deepEqual(bare.map(([, tag, , text]) => `${file}: <${tag}> ${text?.trim()}`), []);
  }
});
