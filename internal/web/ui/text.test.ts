import assert from "node:assert/strict";
import { test } from "node:test";
import { paragraphs } from "./text.ts";

const flat = (text: string) => paragraphs(text).map((lines) => lines.map((line) => line.map((p) => (p.href ? `<${p.href}>` : p.text)).join("")).join("|"));

for (const [name, text, want] of [
  ["nothing", "  \n ", []],
  ["paragraphs and lines", "one\r\ntwo\n\n \nthree", ["one|two", "three"]],
  ["a link in a sentence", "See https://example.org/a?b=1#c.", ["See <https://example.org/a?b=1#c>."]],
  ["brackets around a link", "(https://example.org/x_(y))", ["(<https://example.org/x_(y)>)"]],
  ["two links", "http://a.example, http://b.example!", ["<http://a.example/>, <http://b.example/>!"]],
  ["no other schemes", "javascript:alert(1) data:text/html,x ftp://a.example", ["javascript:alert(1) data:text/html,x ftp://a.example"]],
  ["no markup", "<b>bold</b> [x](https://a.example)", ["<b>bold</b> [x](<https://a.example/>)"]],
  ["no host", "https://", ["https://"]],
] as const) {
  test(name, () => assert.deepEqual(flat(text), want));
}

test("nothing is lost", () => {
  for (const text of ["a https://b.example/c, d", "https://b.example", "x (http://y.example/)) z"]) {
    assert.equal(paragraphs(text)[0]![0]!.map((p) => p.text).join(""), text);
  }
});
