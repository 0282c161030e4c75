import assert from "node:assert/strict";
import { test } from "node:test";
import { languageOf, localeOf } from "../src/lib/language.ts";

test("the first language that we speak is spoken, whatever its country", () => {
  assert.equal(languageOf(["es-MX", "en-US"]), "es");
  assert.equal(languageOf(["fr-FR", "es", "en"]), "es");
  assert.equal(languageOf(["EN-gb"]), "en");
});

test("without a language of ours it is English", () => {
  assert.equal(languageOf(["fr-FR", "de"]), "en");
  assert.equal(languageOf([]), "en");
  assert.equal(languageOf(["estonian", "C", ""]), "en");
});

test("numbers and times are our language's as the person's country writes them", () => {
  assert.equal(localeOf(["es-MX", "en-US"]), "es-MX");
  assert.equal(localeOf(["es", "en-US"]), "es-US");
  assert.equal(localeOf(["fr-FR", "es"]), "es-FR");
  assert.equal(localeOf(["de-DE"]), "en-DE");
  assert.equal(localeOf(["en"]), "en");
});

test("what is no locale is passed over", () => {
  assert.equal(localeOf(["C"]), "en");
  assert.equal(localeOf(["en_US.UTF-8", "en-US"]), "en-US");
  assert.equal(localeOf([]), "en");
});
