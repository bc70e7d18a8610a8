import assert from "node:assert/strict";
import { test } from "node:test";
import { fromField, giga, hour, toField } from "./amounts.ts";

test("amounts come back as they were", () => {
  for (const [amount, unit, none, text] of [
    [-1, giga, -1, ""],
    [50 * giga, giga, -1, "50"],
    [1.5 * giga, giga, -1, "1.5"],
    [0, giga, -1, "0"],
    [0, hour, 0, ""],
    [5400, hour, 0, "1.5"],
    [3, 1, -1, "3"],
  ] as const) {
    assert.equal(toField(amount, unit, none), text);
    assert.equal(fromField(text, unit, none), amount);
  }
});
