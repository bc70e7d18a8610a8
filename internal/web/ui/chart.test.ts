import assert from "node:assert/strict";
import { test } from "node:test";
import { paths, scale } from "./chart.ts";

test("the scale is round and leaves room", () => {
  for (const [value, want] of [[0, 1], [-3, 1], [1, 2], [1.9, 2], [2, 5], [30, 50], [51, 100], [2_400_000, 5_000_000], [9.9, 10]] as const) {
    assert.ok(Math.abs(scale(value) - want) < 1e-6 * want, `${value}: ${scale(value)}`);
  }
});

test("a line through the seconds, broken where some are missing", () => {
  const at = (t: number, value: number) => ({ t, value });
  const { line, area } = paths([at(0, 0), at(1000, 10), at(5000, 10), at(6000, 5)], 0, 10_000, 10);
  assert.equal(line, "M0.0 80.0L30.0 2.0M150.0 2.0L180.0 41.0");
  assert.equal(area, "M0.0 80.0L30.0 2.0V80H0.0ZM150.0 2.0L180.0 41.0V80H150.0Z");
  assert.deepEqual(paths([], 0, 10, 1), { line: "", area: "" });
});
