import assert from "node:assert/strict";
import { test } from "node:test";
import { slug } from "./slug.ts";

for (const [text, want] of [
  ["Harbour Festival 2026", "harbour_festival_2026"],
  ["Fête de l’été !", "fete_de_l_ete"],
  ["  __x__ ", "x"],
  ["日本", ""],
  ["a".repeat(60), "a".repeat(50)],
] as const) {
  test(text, () => assert.equal(slug(text), want));
}
