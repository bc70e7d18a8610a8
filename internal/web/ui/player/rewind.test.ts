import assert from "node:assert/strict";
import { test } from "node:test";
import type { Live } from "../api/lives.ts";
import { Rewind, type Played } from "./rewind.ts";

/** A player whose live edge is at 100 s on the element's clock. */
function fake(live: Partial<Live>, over: Partial<Played> = {}) {
  const video = { currentTime: 99, duration: Infinity };
  const opened: number[] = [];
  const played = {
    video: video as HTMLVideoElement,
    live: { startedAt: new Date(Date.now() - 600_000).toISOString(), ...live } as Live,
    replaying: false,
    recorded: false,
    position: () => ({ delay: 100 - video.currentTime, holdBack: 0.6 }),
    reach: () => 30,
    openRecorded: (behind: number) => void opened.push(behind),
    goLive: () => void (video.currentTime = 99),
    ...over,
  };
  return { video, opened, played, rewind: new Rewind(played) };
}

const dvr = { dvrUrl: "/dvr.m3u8", dvrSeconds: 1800 };

test("what is near is in memory, what is far in the recording", () => {
  const { rewind, video, opened } = fake(dvr);
  const { length, at } = rewind.place()!;
  assert.ok(Math.abs(length - 600) < 1 && Math.abs(length - at - 1) < 0.01, `${at} of ${length}`);
  rewind.step(-10);
  assert.ok(Math.abs(video.currentTime - 89) < 0.1);
  assert.ok(rewind.held);
  rewind.step(-60);
  assert.ok(Math.abs(opened[0]! - 71) < 0.1);
  assert.ok(Math.abs(rewind.behind()! - 71) < 0.1, "until the recording plays, it is where it is to be");
  rewind.arrived();
  assert.ok(Math.abs(rewind.behind()! - 11) < 0.1);
});

test("to the end is to the live edge", () => {
  const { rewind, video } = fake(dvr);
  rewind.seek(590);
  rewind.seek(600);
  assert.equal(video.currentTime, 99);
});

test("without a recording there is nothing to go back in", () => {
  const { rewind, video, opened } = fake({});
  assert.equal(rewind.place(), undefined);
  rewind.step(-10);
  assert.equal(video.currentTime, 99);
  assert.deepEqual(opened, []);
});

test("a replay is sought in freely, but not beyond its end", () => {
  const { rewind, video } = fake({ duration: 60 }, { replaying: true, position: () => undefined, reach: () => undefined });
  video.currentTime = 5;
  assert.deepEqual(rewind.place(), { length: 60, at: 5, live: false });
  rewind.step(-10);
  assert.equal(video.currentTime, 0);
  rewind.seek(1e9);
  assert.equal(video.currentTime, 59.9);
});

test("after a long pause, what has left the memory comes from the recording", () => {
  const { rewind, opened } = fake(dvr);
  rewind.step(-10);
  rewind.paused(1000);
  rewind.resumed(1005);
  assert.deepEqual(opened, []);
  rewind.paused(1000);
  rewind.resumed(1120);
  assert.ok(Math.abs(opened[0]! - 131) < 10, `${opened[0]}`);
});
