import assert from "node:assert/strict";
import { test } from "node:test";
import { CatchUp } from "./catchup.ts";

const holdBack = 0.63;

/** Plays for some seconds against an edge that moves at speed 1; answers delay and the rates used. */
function play(c: CatchUp, delay: number, seconds: number, from = 0) {
  const rates: number[] = [];
  const jumps: number[] = [];
  const tick = 0.2;
  for (let t = from; t < from + seconds; t += tick) {
    const step = c.next({ now: t, delay, buffer: delay - 0.1, holdBack });
    delay -= step.jump;
    delay -= (step.rate - 1) * tick;
    rates.push(step.rate);
    if (step.jump > 0) jumps.push(step.jump);
  }
  return { delay, rates, jumps };
}

test("at the target nothing is done", () => {
  const r = play(new CatchUp(), holdBack, 60);
  assert.deepEqual(new Set(r.rates), new Set([1]));
  assert.equal(r.jumps.length, 0);
});

test("a start far from the edge is jumped, not raced", () => {
  const r = play(new CatchUp(), 2.6, 3);
  assert.ok(r.jumps.length >= 1);
  assert.ok(r.delay < 1.2, `delay ${r.delay}`);
});

test("the first jump waits for what it jumps over, and is the only one", () => {
  const c = new CatchUp();
  assert.equal(c.next({ now: 0, delay: 2.6, buffer: 0.7, holdBack }).jump, 0);
  const step = c.next({ now: 0.2, delay: 2.6, buffer: 2.5, holdBack });
  assert.ok(Math.abs(step.jump - (2.6 - holdBack)) < 1e-9, `jump ${step.jump}`);
  assert.equal(play(c, 2.6 - step.jump, 5, 0.4).jumps.length, 0);
});

test("a delay that grew later is caught up at no more than 1.1", () => {
  const c = new CatchUp();
  play(c, holdBack, 5);
  const r = play(c, 1.6, 20, 5);
  assert.equal(r.jumps.length, 0);
  assert.ok(Math.max(...r.rates) <= 1.1 && Math.max(...r.rates) > 1.05);
  assert.ok(Math.abs(r.delay - holdBack) < 0.07, `delay ${r.delay}`);
  assert.equal(r.rates.at(-1), 1);
});

test("too near to the edge is played slower, but never below 0.96", () => {
  const c = new CatchUp();
  play(c, holdBack, 5);
  const r = play(c, 0.3, 20, 5);
  assert.equal(Math.min(...r.rates), 0.96);
  assert.ok(Math.abs(r.delay - holdBack) < 0.07, `delay ${r.delay}`);
});

test("more than four seconds behind is a jump to the edge", () => {
  const c = new CatchUp();
  play(c, holdBack, 5);
  const step = c.next({ now: 6, delay: holdBack + 5, buffer: 1, holdBack });
  assert.ok(Math.abs(step.jump - 5) < 1e-9);
  assert.equal(c.next({ now: 6.2, delay: holdBack + 5, buffer: 1, holdBack }).jump, 0, "one jump at a time");
});

test("with next to nothing buffered it does not hurry", () => {
  const c = new CatchUp();
  play(c, holdBack, 5);
  assert.equal(c.next({ now: 6, delay: 1.5, buffer: 0.05, holdBack }).rate, 1);
});

test("the rate does not flutter around the target", () => {
  const c = new CatchUp();
  play(c, holdBack, 5);
  const rates = [];
  for (let i = 0; i < 50; i++) {
    rates.push(c.next({ now: 6 + i * 0.2, delay: holdBack + (i % 2 ? 0.05 : -0.05), buffer: 0.5, holdBack }).rate);
  }
  assert.deepEqual(new Set(rates), new Set([1]));
});

test("stalls move the target away, calm moves it back", () => {
  const c = new CatchUp();
  c.next({ now: 0, delay: holdBack, buffer: 0.5, holdBack });
  c.stalled(1, 0.4);
  c.stalled(2, 0.4);
  assert.ok(Math.abs(c.target(holdBack) - (holdBack + 0.3)) < 1e-9);
  for (let i = 0; i < 50; i++) c.stalled(3, 0.4);
  assert.ok(c.target(holdBack) <= holdBack + 1.5);
  c.next({ now: 10, delay: 1, buffer: 0.5, holdBack });
  assert.ok(c.target(holdBack) > holdBack + 1.4, "not back at once");
  c.next({ now: 400, delay: 1, buffer: 0.5, holdBack });
  assert.equal(c.target(holdBack), holdBack);
});

test("an encoder that was away for long moves nothing", () => {
  const c = new CatchUp();
  c.stalled(20, 15);
  assert.equal(c.target(holdBack), holdBack);
});
