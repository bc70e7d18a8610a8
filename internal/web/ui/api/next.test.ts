import assert from "node:assert/strict";
import { test } from "node:test";
import { safeNext } from "./next.ts";

const origin = "http://shoal.lan:8080";

for (const [wanted, want] of [
  ["/studio", "/studio"],
  ["/my/videos?start=20#x", "/my/videos?start=20#x"],
  ["/a/../studio", "/studio"],
  [null, "/home"],
  ["", "/home"],
  ["studio", "/home"],
  ["//evil.example/", "/home"],
  ["/\\evil.example/", "/home"],
  ["/\t/evil.example", "/home"],
  ["https://evil.example/", "/home"],
  ["javascript:alert(1)", "/home"],
  ["/login?next=/studio", "/home"],
  ["/.//evil.example", "//evil.example"],
] as const) {
  test(`next=${wanted}`, () => {
    const next = safeNext(wanted, origin, "/home");
    assert.equal(next, want === "//evil.example" ? "/home" : want);
    assert.equal(new URL(next, origin).origin, origin);
  });
}
