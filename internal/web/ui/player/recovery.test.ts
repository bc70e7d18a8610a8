import assert from "node:assert/strict";
import { test } from "node:test";
import { Recovery } from "./recovery.ts";

const middle = () => 0.5;

test("a network error is resumed quickly, then rebuilt, ever slower", () => {
  const r = new Recovery(middle);
  const plans = [];
  let now = 0;
  for (let i = 0; i < 12; i++) {
    const p = r.failed("network", now, true);
    plans.push(p);
    now += p.wait;
  }
  assert.deepEqual(new Set(plans.slice(0, 5).map((p) => p.remedy)), new Set(["resume"]));
  assert.deepEqual(new Set(plans.slice(5).map((p) => p.remedy)), new Set(["rebuild"]));
  assert.ok(plans[0]!.wait < 0.2);
  for (let i = 1; i < plans.length; i++) assert.ok(plans[i]!.wait >= plans[i - 1]!.wait);
  assert.ok(plans.at(-1)!.wait <= 4 * 1.2);
});

test("it outlives the grace period of a minute many times over", () => {
  const r = new Recovery(middle);
  let now = 0;
  let tries = 0;
  while (now < 600) {
    now += r.failed("network", now, true).wait;
    tries++;
  }
  assert.ok(tries > 120 && tries < 240, `${tries} tries in ten minutes`);
});

test("a player that has shown nothing is built anew", () => {
  assert.equal(new Recovery(middle).failed("network", 0, false).remedy, "rebuild");
  assert.equal(new Recovery(middle).failed("media", 0, false).remedy, "rebuild");
});

test("a media error is mended once, then rebuilt", () => {
  const r = new Recovery(middle);
  assert.deepEqual(r.failed("media", 0, true), { remedy: "mend", wait: 0 });
  assert.equal(r.failed("media", 1, true).remedy, "rebuild");
  assert.equal(r.failed("media", 60, true).remedy, "mend");
});

test("playing well makes the next error a first one", () => {
  const r = new Recovery(middle);
  for (let i = 0; i < 6; i++) r.failed("network", i, true);
  r.playing(7);
  assert.equal(r.failed("network", 8, true).remedy, "rebuild", "not cured so soon");
  r.playing(20);
  assert.equal(r.failed("network", 21, true).remedy, "resume");
});

test("viewers are spread in time", () => {
  const early = new Recovery(() => 0).failed("network", 0, true).wait;
  const late = new Recovery(() => 0.999).failed("network", 0, true).wait;
  assert.ok(late / early > 1.3);
});
