// Rewind is how a viewer goes back in time: in a replay anywhere, in a live as far as its recording reaches. It decides
// which source a place is played from; Player opens it.
import type { Live } from "../api/lives.ts";
import type { Position } from "./source.ts";
import { length, wayTo } from "./timeline.ts";

/** Where the playhead stands on the bar, in seconds from its beginning. */
export interface Place {
  length: number;
  at: number;
  /** The bar ends now: what counts is how far behind that the playhead is. */
  live: boolean;
}

/** What is played: Player. */
export interface Played {
  readonly video: HTMLVideoElement;
  readonly live: Live | undefined;
  readonly replaying: boolean;
  readonly recorded: boolean;
  position(): Position | undefined;
  reach(): number | undefined;
  openRecorded(behind: number): void;
  goLive(): void;
}

export class Rewind {
  /** The viewer chose a place behind the edge: it is kept, not caught up from. */
  held = false;
  /** Where a seek goes that needs another source, in s behind the edge, until that plays. */
  private heading: number | undefined;
  private stopped: { at: number; behind: number } | undefined;

  constructor(private readonly played: Played) {}

  /** Where the playhead stands; undefined where there is nothing to seek in. */
  place(): Place | undefined {
    const { video, live, replaying } = this.played;
    if (!live) return undefined;
    if (replaying) {
      const total = Number.isFinite(video.duration) && video.duration > 0 ? video.duration : (live.duration ?? 0);
      return total > 0 ? { length: total, at: Math.min(video.currentTime, total), live: false } : undefined;
    }
    const running = live.startedAt ? (Date.now() - Date.parse(live.startedAt)) / 1000 : undefined;
    const far = length({ dvrSeconds: live.dvrUrl ? (live.dvrSeconds ?? 0) : 0, running, source: this.played.reach() });
    const behind = this.behind();
    return far > 0 && behind !== undefined ? { length: far, at: Math.max(0, far - behind), live: true } : undefined;
  }

  /** Goes to a place on the bar. */
  seek(at: number): void {
    const place = this.place();
    if (!place) return;
    const to = Math.min(place.length, Math.max(0, at));
    if (place.live) this.seekBehind(place.length - to);
    else this.played.video.currentTime = Math.min(to, Math.max(0, place.length - 0.1));
  }

  /** Goes so many seconds forward, or back. */
  step(seconds: number): void {
    const place = this.place();
    if (place) this.seek(place.at + seconds);
  }

  /** Seconds behind the edge of a live. */
  behind(): number | undefined {
    return this.heading ?? this.played.position()?.delay;
  }

  /** The viewer is to be at the edge again, or another thing is played. */
  release(): void {
    this.held = false;
    this.heading = undefined;
    this.stopped = undefined;
  }

  /** What was sought plays. */
  arrived(): void {
    this.heading = undefined;
  }

  /** @param now seconds on a clock that never goes back */
  paused(now: number): void {
    this.stopped = { at: now, behind: this.behind() ?? 0 };
  }

  /** After a long pause: what was held in memory may have left it meanwhile. */
  resumed(now: number): void {
    if (this.held && !this.played.recorded && this.stopped) this.seekBehind(this.stopped.behind + now - this.stopped.at);
  }

  private seekBehind(behind: number): void {
    const { played } = this;
    const reach = played.reach();
    const p = played.position();
    const way = wayTo(behind, played.recorded ? "dvr" : "live", reach);
    if (way === "edge") played.goLive();
    else if (way === "here" && p) {
      this.held = true;
      played.video.currentTime += p.delay - Math.min(behind, reach ?? behind);
    } else if (played.live?.dvrUrl) {
      this.held = true;
      this.heading = behind;
      played.openRecorded(behind);
    }
  }
}
