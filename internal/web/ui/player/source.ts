// A Source brings the media of one playlist into a video element. Player owns one at a time.
import type { Trouble } from "./recovery.ts";

/** Where the playhead stands with regard to the live edge, in seconds. */
export interface Position {
  delay: number;
  /** The distance that the playlist asks to keep. */
  holdBack: number;
}

export interface SourceListener {
  /** Nothing more will be loaded unless something is done. */
  trouble(trouble: Trouble, detail: string): void;
  /** What follows cannot be played in this source (a track came or went). */
  changed(): void;
  /** So many bytes of media came, which play for so many seconds. */
  loaded(bytes: number, seconds: number): void;
}

/**
 * What is played: a live near its edge; a live further back, from its recording; a replay. start is where to begin, in
 * seconds: behind the edge of a live, from the beginning of a replay.
 */
export type Mode = { kind: "live" } | { kind: "dvr"; start: number } | { kind: "replay"; start: number };

export interface Source {
  readonly way: "lowLatency" | "classic" | "dvr" | "vod" | "native";
  /** undefined while it is not known, for a replay, and where the browser keeps it to itself. */
  position(): Position | undefined;
  /** How far behind the edge of a live the playlist begins, in seconds; undefined as above. */
  reach(): number | undefined;
  /** Stops loading; what is buffered stays. */
  suspend(): void;
  /** Goes on loading after suspend, or after trouble. */
  resume(): void;
  /** Starts a new MediaSource with the same playlist. */
  mend(): void;
  /** Takes everything out of the video element. */
  close(): void;
}
