import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import en from "./locales/en.json";
import fr from "./locales/fr.json";

const keys = Object.keys(en) as (keyof typeof en)[];

test("both languages have the same keys, in the same order", () => {
  assert.deepEqual(Object.keys(fr), keys);
});

test("no text is empty, and both fill in the same values", () => {
  const holes = (s: string) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();
  for (const k of keys) {
    assert.notEqual(en[k].trim(), "", k);
    assert.notEqual(fr[k].trim(), "", k);
    assert.deepEqual(holes(fr[k]), holes(en[k]), k);
  }
});

test("French keeps its spaces before double signs unbreakable", () => {
  for (const k of keys) assert.doesNotMatch(fr[k], / [:;?!»]|« /, `${k}: use U+00A0 or U+202F`);
});

test("every text is used, and no text stands in the source", () => {
  const ui = process.env["SHOAL_UI"];
  assert.ok(ui, "SHOAL_UI names the folder of the source");
  const files = readdirSync(ui, { recursive: true, encoding: "utf8" }).filter((f) => /\.(ts|html)$/.test(f) && !f.includes(".test."));
  const source = files.map((f) => readFileSync(join(ui, f), "utf8")).join("\n");
  for (const k of keys) {
    const used = source.includes(`"${k}"`) || /^(state|stats\.way)\./.test(k);
    assert.ok(used, `${k} is not used`);
  }
  for (const f of files.filter((f) => f.endsWith(".html"))) {
    const html: string = readFileSync(join(ui, f), "utf8").replace(/<!--.*?-->/gs, "");
    for (const [, text = ""] of html.matchAll(/>([^<>]*[A-Za-zÀ-ÿ][^<>]*)</g)) {
      assert.fail(`${f} holds the words “${text.trim()}”: put them into locales`);
    }
  }
});
