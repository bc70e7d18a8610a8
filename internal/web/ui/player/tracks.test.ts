import assert from "node:assert/strict";
import { test } from "node:test";
import { needsNewPlayer, parseCodecs } from "./tracks.ts";

test("codecs are sorted by kind", () => {
  assert.deepEqual(parseCodecs("avc1.64001f,mp4a.40.2"), { video: "avc1.64001f", audio: "mp4a.40.2" });
  assert.deepEqual(parseCodecs("mp4a.40.2, avc1.64001f"), { video: "avc1.64001f", audio: "mp4a.40.2" });
  assert.deepEqual(parseCodecs("opus"), { video: undefined, audio: "opus" });
  assert.deepEqual(parseCodecs(""), { video: undefined, audio: undefined });
});

const cases: [string, string, string, boolean][] = [
  ["the same", "avc1.64001f,mp4a.40.2", "avc1.64001f,mp4a.40.2", false],
  ["another resolution", "avc1.64001f,mp4a.40.2", "avc1.640028,mp4a.40.2", false],
  ["audio appears", "avc1.64001f", "avc1.64001f,mp4a.40.2", true],
  ["video goes", "avc1.64001f,mp4a.40.2", "mp4a.40.2", true],
  ["another video codec", "avc1.64001f", "hvc1.1.6.L93.B0", true],
  ["another kind of AAC", "mp4a.40.2", "mp4a.40.5", true],
];
for (const [name, before, after, want] of cases) {
  test(name, () => assert.equal(needsNewPlayer(parseCodecs(before), parseCodecs(after)), want));
}
