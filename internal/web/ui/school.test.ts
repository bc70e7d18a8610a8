import assert from "node:assert/strict";
import { test } from "node:test";
import { hueOf, numbersOf, swim } from "./school.ts";

const a = "7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11";
const b = "0f0f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e12";

test("a live always has the same card, two lives have two", () => {
  assert.deepEqual(swim(a), swim(a));
  assert.notDeepEqual(swim(a), swim(b));
});

test("all fish are in the picture", () => {
  for (let i = 0; i < 200; i++) {
    for (const f of swim(`live ${i}`)) {
      assert.ok(f.x > 10 && f.x < 310 && f.y > 0 && f.y < 180, JSON.stringify(f));
    }
  }
});

test("no card is red, and numbers are in their range", () => {
  for (let i = 0; i < 200; i++) assert.ok(hueOf(`live ${i}`) >= 170 && hueOf(`live ${i}`) <= 265);
  const random = numbersOf(a);
  for (let i = 0; i < 1000; i++) {
    const n = random();
    assert.ok(n >= 0 && n < 1);
  }
});
