import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const ui = process.env["SHOAL_UI"] ?? "";
const areas = readdirSync(join(ui, "locales/en")).sort();
const read = (lang: string, area: string) => JSON.parse(readFileSync(join(ui, "locales", lang, area), "utf8")) as Record<string, string>;
const all = (lang: string) => Object.assign({}, ...areas.map((a) => read(lang, a))) as Record<string, string>;
const en = all("en");
const fr = all("fr");
const keys = Object.keys(en);

test("both languages have the same areas and keys, in the same order", () => {
  assert.ok(areas.length > 0, "SHOAL_UI names the folder of the source");
  assert.deepEqual(readdirSync(join(ui, "locales/fr")).sort(), areas);
  for (const a of areas) assert.deepEqual(Object.keys(read("fr", a)), Object.keys(read("en", a)), a);
});

test("no key is in two areas", () => {
  assert.equal(areas.flatMap((a) => Object.keys(read("en", a))).length, keys.length);
});

test("no text is empty, and both fill in the same values", () => {
  const holes = (s: string) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();
  for (const k of keys) {
    assert.notEqual(en[k]!.trim(), "", k);
    assert.notEqual(fr[k]!.trim(), "", k);
    assert.deepEqual(holes(fr[k]!), holes(en[k]!), k);
  }
});

test("what is counted comes in two", () => {
  for (const k of keys) {
    if (k.endsWith(".one")) assert.ok(keys.includes(k.replace(/one$/, "other")), k);
    if (k.endsWith(".other")) assert.ok(keys.includes(k.replace(/other$/, "one")), k);
  }
});

test("French keeps its spaces before double signs unbreakable", () => {
  for (const k of keys) assert.doesNotMatch(fr[k]!, / [:;?!»]|« /, `${k}: use U+00A0 or U+202F`);
});

const files = readdirSync(ui, { recursive: true, encoding: "utf8" }).filter((f) => /\.(ts|html)$/.test(f) && !f.includes(".test."));
const source = files.map((f) => readFileSync(join(ui, f), "utf8")).join("\n");

test("every text is used", () => {
  // Keys are also put together: `state.${state}`, `finding.${name}.title`, count(node, "viewers", n).
  const starts = [...source.matchAll(/`([a-z.]+\.)\$\{/g)].map((m) => m[1]!);
  for (const k of keys) {
    const counted = k.match(/^(.*)\.(one|other)$/)?.[1];
    const used = source.includes(`"${k}"`) || starts.some((s) => k.startsWith(s)) || (counted !== undefined && source.includes(`"${counted}"`));
    assert.ok(used, `${k} is not used`);
  }
});

test("no text stands in the source", () => {
  for (const f of files.filter((f) => f.endsWith(".html"))) {
    const html: string = readFileSync(join(ui, f), "utf8").replace(/<!--.*?-->/gs, "");
    for (const [, text = ""] of html.matchAll(/>([^<>]*[A-Za-zÀ-ÿ][^<>]*)</g)) {
      assert.fail(`${f} holds the words “${text.trim()}”: put them into locales`);
    }
  }
});
