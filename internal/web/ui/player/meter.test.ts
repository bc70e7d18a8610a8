import assert from "node:assert/strict";
import { test } from "node:test";
import { Meter } from "./meter.ts";

test("nothing loaded, nothing measured", () => {
  assert.equal(new Meter().rate(), 0);
});

test("the rate is that of the last seconds", () => {
  const m = new Meter();
  for (let i = 0; i < 50; i++) m.add(1000, 0.2);
  assert.ok(Math.abs(m.rate() - 40_000) < 1);
  for (let i = 0; i < 50; i++) m.add(2000, 0.2);
  assert.ok(Math.abs(m.rate() - 80_000) < 1);
});

test("a load without a duration is not counted", () => {
  const m = new Meter();
  m.add(500, 0);
  m.add(500, NaN);
  assert.equal(m.rate(), 0);
});
