// Phase is what a viewer is to be told. Whether the video is paused is the video's own matter.
import type { Barrier } from "./pass.ts";

export type Phase =
  | "connecting"
  | "waiting"
  | "playing"
  | "buffering"
  | "interrupted"
  | "unreachable"
  | "ended"
  | "offered" // the live that was seen here has ended, and its replay can be begun
  | "gone"
  | "unsupported"
  | Barrier;

/** After how long the node is asked again what it knows of the live, in ms. Playing, media tells more than the node. */
export const asked: Record<Phase, number> = {
  connecting: 1000,
  waiting: 2000,
  playing: 30_000,
  buffering: 1500,
  interrupted: 1000,
  unreachable: 1500,
  ended: 5000,
  offered: 30_000,
  gone: 10_000,
  unsupported: 30_000,
  locked: 60_000,
  login: 15_000,
  forbidden: 15_000,
};

/** Who is back in time does not see the end of the live: the node tells it, in ms. */
export const recordedAsked = 10_000;

/** A replay is ready seconds after the end: so long, in s, it is asked for more often than later, in ms. */
export const replaySoon = 20;
export const replayAsked = 1500;
