import assert from "node:assert/strict";
import { test } from "node:test";
import { length, wayTo } from "./timeline.ts";

test("as far back as the recording, but not before the beginning", () => {
  assert.equal(length({ dvrSeconds: 1800, running: 7200, source: 30 }), 1800);
  assert.equal(length({ dvrSeconds: 1800, running: 600, source: 30 }), 600);
  assert.equal(length({ dvrSeconds: 0, running: 600, source: 30 }), 0);
});

test("clocks that differ do not take the bar away", () => {
  assert.equal(length({ dvrSeconds: 1800, running: -20, source: 30 }), 1800);
  assert.equal(length({ dvrSeconds: 1800, running: undefined, source: undefined }), 1800);
  assert.equal(length({ dvrSeconds: 1800, running: 10, source: 200 }), 200);
});

test("a live that has just begun has no bar", () => assert.equal(length({ dvrSeconds: 1800, running: 10, source: 10 }), 0));

test("the way back", () => {
  assert.equal(wayTo(1, "live", 30), "edge");
  assert.equal(wayTo(3, "dvr", 1800), "edge");
  assert.equal(wayTo(15, "live", 30), "here");
  assert.equal(wayTo(25, "live", 30), "dvr", "too near to what leaves the list");
  assert.equal(wayTo(600, "live", 30), "dvr");
  assert.equal(wayTo(10, "live", undefined), "dvr");
  assert.equal(wayTo(600, "dvr", 1800), "here");
});
