import assert from "node:assert/strict";
import { test } from "node:test";
import { figures } from "./duration.ts";

test("figures", () => {
  for (const [s, want] of [[0, "0:00"], [-1, "0:00"], [9.6, "0:10"], [83, "1:23"], [3599.6, "1:00:00"], [3723, "1:02:03"], [90_061, "25:01:01"]] as const) {
    assert.equal(figures(s), want);
  }
});
