// CatchUp decides how fast a live is played, so that its delay stays near a target. It is pure: it is told what is
// measured and answers what to do. hls.js has something like it, but does nothing while less than a second is buffered,
// which is always the case here.

/** What is measured, in seconds. */
export interface Sample {
  /** A clock that never goes back. */
  now: number;
  /** Distance from the playhead to the live edge. */
  delay: number;
  /** Media buffered without a hole from the playhead on. */
  buffer: number;
  /** The hold-back that the playlist asks for. */
  holdBack: number;
}

export interface Step {
  /** For HTMLMediaElement.playbackRate. */
  rate: number;
  /** Seconds by which to jump forward at once; 0 not to. */
  jump: number;
}

/** Nobody hears that music is 4 % slow; more than 10 % fast is heard, and is the limit that the design sets. */
const slowest = 0.96;
const fastest = 1.1;

/** Start to correct at this distance from the target, stop at the smaller one: else the rate flutters. */
const tolerance = 0.06;
const settled = 0.015;

/** Speed per second of distance. 0.2 s away gives the full 10 %. */
const gain = 0.5;

/** With less than this ahead, hurrying would only bring the next stall. */
const thinBuffer = 0.1;

/** So far behind that playing faster would take half a minute: jump. */
const tooFar = 4;

/**
 * In its first seconds a player may jump for less: it starts at a keyframe, up to a segment behind. It waits until what
 * it has loaded reaches nearly as far as it wants to jump, so that one jump is enough.
 */
const settlingTime = 4;
const settlingJump = 0.3;
const worthwhile = 0.8;

/** Between two jumps, so that the first can show its effect. */
const jumpPause = 1.5;

/** A stall moves the target away by this much, up to the most; calm time moves it back in small steps. */
const stallStep = 0.15;
const stallMost = 1.5;
const calmAfter = 20;
const calmStep = 0.05;
const calmEvery = 10;

/** A longer stall is the encoder's or the network's absence, which no distance would have bridged. */
const longestStall = 3;

export class CatchUp {
  private extra = 0;
  private calmSince = -Infinity;
  private correcting = false;
  private startedAt: number | undefined;
  private jumpedAt = -Infinity;

  /** Distance to the live edge that is aimed at, given the playlist's hold-back. */
  target(holdBack: number): number {
    return holdBack + this.extra;
  }

  /** To be called several times a second while the media plays. */
  next(s: Sample): Step {
    this.startedAt ??= s.now;
    this.relax(s.now);
    const distance = s.delay - this.target(s.holdBack);

    const jump = this.jump(s, distance);
    if (jump > 0) {
      this.jumpedAt = s.now;
      this.correcting = false;
      return { rate: 1, jump };
    }
    return { rate: this.rate(distance, s.buffer), jump: 0 };
  }

  /** A stall of so many seconds is over. */
  stalled(now: number, seconds: number): void {
    this.calmSince = now;
    if (seconds <= longestStall) this.extra = Math.min(stallMost, this.extra + stallStep);
  }

  /** Playback begins anew (another source, or after a pause): jumping for little is allowed again. */
  restart(): void {
    this.startedAt = undefined;
    this.jumpedAt = -Infinity;
    this.correcting = false;
  }

  private relax(now: number): void {
    if (this.extra === 0) return;
    if (this.calmSince === -Infinity) this.calmSince = now;
    while (now - this.calmSince >= calmAfter && this.extra > 0) {
      this.extra = Math.max(0, Math.round((this.extra - calmStep) * 1000) / 1000);
      this.calmSince += calmEvery;
    }
  }

  private jump(s: Sample, distance: number): number {
    if (s.now - this.jumpedAt < jumpPause) return 0;
    // Far behind, the jump may leave what is buffered: nothing of it is worth waiting for.
    if (distance >= tooFar - this.extra) return distance;
    const settling = s.now - (this.startedAt ?? s.now) < settlingTime;
    if (!settling || distance < settlingJump) return 0;
    const reach = Math.min(distance, s.buffer - this.target(s.holdBack) / 2);
    return reach >= worthwhile * distance ? reach : 0;
  }

  private rate(distance: number, buffer: number): number {
    const size = Math.abs(distance);
    if (this.correcting ? size < settled : size < tolerance) {
      this.correcting = false;
      return 1;
    }
    this.correcting = true;
    if (distance > 0 && buffer < thinBuffer) return 1;
    const rate = 1 + Math.sign(distance) * Math.max(0.01, size * gain);
    return Math.round(Math.min(fastest, Math.max(slowest, rate)) * 100) / 100;
  }
}
