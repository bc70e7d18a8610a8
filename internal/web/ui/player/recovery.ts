// Recovery decides what to do after an error that hls.js calls fatal, and how long to wait first. Pure. It never gives
// up: an encoder has a grace period to come back in, and a viewer who leaves the page open wants to see it come back.

/** Where the error lies: on the way to the media, or in what the browser makes of it. */
export type Trouble = "network" | "media" | "other";

/** resume: go on loading in the same player. mend: the same, with a new MediaSource. rebuild: all anew. */
export type Remedy = "resume" | "mend" | "rebuild";

export interface Plan {
  remedy: Remedy;
  /** Seconds to wait before it. */
  wait: number;
}

const firstWait = 0.15;
const growth = 1.7;
const longestWait = 4;

/** A player that could not go on after so many tries is built anew; until then its last picture stays on the screen. */
const mostResumes = 5;

/** Playing for this long without an error means that it helped. */
const cured = 8;

export class Recovery {
  private attempts = 0;
  private mendedAt = -Infinity;
  private failedAt = -Infinity;

  /** random gives numbers in [0, 1): a thousand viewers must not all come back in the same instant. */
  constructor(private readonly random: () => number = Math.random) {}

  /**
   * An error happened.
   * @param now seconds on a clock that never goes back
   * @param played whether this player has shown anything yet; one that has not has nothing worth keeping
   */
  failed(trouble: Trouble, now: number, played: boolean): Plan {
    if (now - this.failedAt > cured + longestWait) this.attempts = 0;
    this.failedAt = now;
    const wait = this.wait();
    this.attempts++;
    if (trouble === "media" && played && now - this.mendedAt > cured) {
      this.mendedAt = now;
      return { remedy: "mend", wait: 0 };
    }
    if (trouble === "network" && played && this.attempts <= mostResumes) return { remedy: "resume", wait };
    return { remedy: "rebuild", wait };
  }

  /** Media has been playing without an error since a time. */
  playing(now: number): void {
    if (now - this.failedAt > cured) this.attempts = 0;
  }

  private wait(): number {
    const wait = Math.min(longestWait, firstWait * growth ** this.attempts);
    return wait * (0.8 + 0.4 * this.random());
  }
}
