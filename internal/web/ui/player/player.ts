// Player keeps one live playing in one video element for as long as the page is open: before it begins, through
// interruptions, back in time, after its end as its replay. It shows nothing itself; who shows it listens.
import { failed } from "../api/call.ts";
import type { Live } from "../api/lives.ts";
import { CatchUp } from "./catchup.ts";
import { HlsSource } from "./hls.ts";
import { Meter } from "./meter.ts";
import { NativeSource } from "./native.ts";
import { Pass, Shut } from "./pass.ts";
import { asked, recordedAsked, replayAsked, replaySoon, type Phase } from "./phase.ts";
import { Recovery, type Remedy, type Trouble } from "./recovery.ts";
import { Rewind } from "./rewind.ts";
import type { Mode, Position, Source, SourceListener } from "./source.ts";

/** ms between two corrections of the speed. */
const tick = 200;

/** A pause longer than this stops loading: a board should not send what nobody looks at. In s. */
const longPause = 10;

/** Standing still for this long without an error is an error too. In s. */
const stuckAfter = 8;

/** A stall is mentioned to the node's interface, and to the viewer, only if it lasts. In ms. */
const lastingStall = 700;

export class Player {
  phase: Phase = "connecting";
  live: Live | undefined;
  audioOnly = false;
  /** The browser plays only without sound until somebody touches the page. */
  silenced = false;
  stalls = 0;
  /** How fast a replay is played. */
  speed = 1;
  readonly meter = new Meter();
  readonly pass: Pass;
  readonly rewind: Rewind;

  private readonly catchUp = new CatchUp();
  private readonly recovery = new Recovery();
  private readonly listeners = new Set<() => void>();
  private source: Source | undefined;
  private mode: Mode = { kind: "live" };
  private pending: Remedy | undefined;
  private wanted: boolean;
  private played = false;
  private endedAt = -Infinity;
  private suspended = false;
  private asking = 0;
  private troubleSince = 0;
  private stalledSince: number | undefined;
  private askTimer: ReturnType<typeof setTimeout> | undefined;
  private pauseTimer: ReturnType<typeof setTimeout> | undefined;
  private stallTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly video: HTMLVideoElement,
    readonly id: string,
    autoplay: boolean,
  ) {
    this.wanted = autoplay;
    this.pass = new Pass(id);
    this.rewind = new Rewind(this);
    video.addEventListener("playing", () => this.onPlaying());
    video.addEventListener("timeupdate", () => this.onProgress());
    video.addEventListener("waiting", () => this.onWaiting());
    video.addEventListener("ended", () => this.onEnded());
    video.addEventListener("seeked", () => this.onProgress());
    video.addEventListener("play", () => this.onPlay());
    video.addEventListener("pause", () => this.onPause());
    setInterval(() => this.steer(), tick);
    addEventListener("online", () => this.ask(0));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && this.phase !== "playing") this.ask(0);
    });
    this.ask(0);
  }

  /** Calls back after every change of phase, of what is known of the live, or of a choice. */
  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  /** Distance to the live edge and what is aimed at; undefined while nothing plays or the browser does not tell. */
  position(): (Position & { target: number }) | undefined {
    const p = this.source?.position();
    return p && { ...p, target: this.catchUp.target(p.holdBack) };
  }

  /** Seconds buffered from the playhead on. */
  buffer(): number {
    const { buffered, currentTime } = this.video;
    for (let i = 0; i < buffered.length; i++) {
      if (buffered.start(i) <= currentTime + 0.05 && buffered.end(i) > currentTime) return buffered.end(i) - currentTime;
    }
    return 0;
  }

  get way(): Source["way"] | undefined {
    return this.source?.way;
  }

  async play(): Promise<void> {
    this.wanted = true;
    if (!this.source) {
      this.ask(0);
      return;
    }
    try {
      await this.video.play();
    } catch (e) {
      if (!(e instanceof DOMException) || e.name !== "NotAllowedError") return; // another source took its place
      if (this.video.muted) {
        this.wanted = false; // not even silent: the viewer has to begin
        this.changed();
        return;
      }
      this.video.muted = true;
      this.silenced = true;
      this.changed();
      await this.play();
    }
  }

  pause(): void {
    this.wanted = false;
    this.video.pause();
  }

  toggle(): void {
    if (this.video.paused) void this.play();
    else this.pause();
  }

  setMuted(muted: boolean): void {
    this.video.muted = muted;
    if (!muted && this.video.volume === 0) this.video.volume = 0.5;
    this.silenced = false;
    this.changed();
  }

  setVolume(volume: number): void {
    this.video.volume = Math.min(1, Math.max(0, volume));
    this.video.muted = this.video.volume === 0;
    this.silenced = false;
    this.changed();
  }

  setAudioOnly(on: boolean): void {
    if (on === this.audioOnly || this.replaying || (on && !this.live?.audioUrl)) return;
    this.audioOnly = on;
    if (this.source && !this.replaying) this.open({ kind: "live" });
    this.changed();
  }

  goLive(): void {
    if (this.replaying) return;
    this.rewind.release();
    if (this.recorded) {
      this.wanted = true;
      this.open({ kind: "live" });
      return;
    }
    const p = this.position();
    if (p && p.delay > p.target) this.video.currentTime += p.delay - p.target;
    this.catchUp.restart();
    if (this.video.paused) void this.play();
  }

  // ---- back in time

  /** A replay is played, not a live. */
  get replaying(): boolean {
    return this.mode.kind === "replay";
  }

  /** A live is played from its recording. */
  get recorded(): boolean {
    return this.mode.kind === "dvr";
  }

  /** How far behind the edge what is played begins, in s; undefined while that is not known. */
  reach(): number | undefined {
    return this.source?.reach();
  }

  /** Plays a live from its recording, from so many seconds behind the edge. */
  openRecorded(behind: number): void {
    this.wanted ||= !this.video.paused;
    this.open({ kind: "dvr", start: behind });
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    if (this.replaying) this.video.playbackRate = speed;
    this.changed();
  }

  // ---- what the node says

  private ask(after: number): void {
    clearTimeout(this.askTimer);
    this.askTimer = setTimeout(() => void this.askNow(), after);
  }

  private async askNow(): Promise<void> {
    const turn = ++this.asking;
    let live: Live | undefined;
    let failure: unknown;
    try {
      live = await this.pass.ask();
    } catch (e) {
      failure = e;
    }
    if (turn !== this.asking) return; // asked again meanwhile
    if (live) this.heard(live);
    else this.unheard(failure);
    this.ask(this.nextAsk() * (0.85 + 0.3 * Math.random()));
  }

  private nextAsk(): number {
    if (this.pending) return asked.interrupted;
    if (this.recorded && this.phase === "playing") return recordedAsked;
    if (this.phase === "ended" && now() - this.endedAt < replaySoon) return replayAsked;
    return asked[this.phase];
  }

  /** The viewer may be let in now. */
  knock(): void {
    this.ask(0);
  }

  private heard(live: Live): void {
    this.live = live;
    switch (live.state) {
      case "live":
        if (!this.source || this.replaying) {
          this.open({ kind: "live" });
          break;
        }
        if (this.phase === "interrupted" || this.phase === "unreachable") {
          this.troubleSince = now();
          this.enter("buffering");
        }
        this.apply();
        break;
      case "interrupted":
        if (!this.moving()) this.enter("interrupted");
        break;
      case "waiting":
        this.finish("waiting");
        break;
      case "ended":
        // The last second may still be playing: the element tells when it is over. What stands still is over.
        if (!this.moving()) this.finish();
        break;
      case "replay":
        this.heardReplay(live);
        break;
    }
    this.changed();
  }

  private heardReplay(live: Live): void {
    if (this.replaying) {
      if (this.pending) this.apply();
      else if (!this.source) this.open(this.mode);
      return;
    }
    if (this.mode.kind === "dvr" && this.source) {
      // It goes on from where the viewer is: as far before the end.
      this.open({ kind: "replay", start: Math.max(0, (live.duration ?? 0) - (this.rewind.behind() ?? 0)) });
      return;
    }
    if (this.source && this.moving()) return; // its last second
    const seen = this.source !== undefined || this.phase === "ended";
    if (seen) {
      this.close();
      this.wanted = false;
      this.enter("offered");
      return;
    }
    if (this.phase === "offered" && !this.wanted) return;
    this.open({ kind: "replay", start: 0 });
  }

  private unheard(failure: unknown): void {
    if (failed(failure, 404)) this.finish("gone");
    else if (failure instanceof Shut) this.finish(failure.barrier);
    else if (!this.moving()) this.enter("unreachable");
  }

  // ---- the source

  private open(mode: Mode): void {
    const url = this.addressOf(mode);
    if (!url) return;
    this.close();
    this.mode = mode;
    if (mode.kind !== "dvr") this.rewind.release();
    if (this.phase !== "buffering") this.enter("connecting");
    let current: Source | undefined;
    const listener: SourceListener = {
      trouble: (trouble, detail) => {
        if (current === this.source) this.trouble(trouble, detail);
      },
      changed: () => {
        if (current === this.source) this.open(this.here());
      },
      loaded: (bytes, seconds) => this.meter.add(bytes, seconds),
    };
    if (HlsSource.supported) current = new HlsSource(this.video, url, mode, listener);
    else if (NativeSource.supported(this.video)) current = new NativeSource(this.video, url, mode, listener);
    else {
      this.enter("unsupported");
      return;
    }
    this.source = current;
    this.troubleSince = now();
    if (mode.kind === "replay") this.video.playbackRate = this.speed;
    if (this.wanted) void this.play();
  }

  private addressOf(mode: Mode): string | undefined {
    const { live } = this;
    if (!live) return undefined;
    switch (mode.kind) {
      case "replay":
        return live.vodUrl || live.classicUrl;
      case "dvr":
        return live.dvrUrl;
      case "live":
        return this.audioOnly && live.audioUrl ? live.audioUrl : live.lowLatencyUrl || live.classicUrl;
    }
  }

  /** How to begin anew where the playhead stands. */
  private here(): Mode {
    switch (this.mode.kind) {
      case "replay":
        return { kind: "replay", start: this.played ? this.video.currentTime : this.mode.start };
      case "dvr":
        return { kind: "dvr", start: this.rewind.behind() ?? this.mode.start };
      case "live":
        return this.mode;
    }
  }

  private close(): void {
    this.source?.close();
    this.source = undefined;
    this.pending = undefined;
    this.played = false;
    this.suspended = false;
    this.stalledSince = undefined;
    this.catchUp.restart();
    this.video.playbackRate = 1;
  }

  private finish(phase: Phase = "ended"): void {
    this.close();
    this.mode = { kind: "live" };
    this.rewind.release();
    if (phase === "ended" && this.phase !== "ended") this.endedAt = now();
    this.enter(phase);
    this.ask(this.nextAsk());
  }

  private trouble(trouble: Trouble, detail: string): void {
    const plan = this.recovery.failed(trouble, now(), this.played);
    console.info("player:", trouble, detail, plan.remedy);
    this.pending = plan.remedy;
    this.troubleSince = now();
    if (plan.remedy === "mend") this.apply();
    else this.ask(plan.wait * 1000);
  }

  private apply(): void {
    const remedy = this.pending;
    this.pending = undefined;
    if (remedy === "resume") this.source?.resume();
    if (remedy === "rebuild") this.open(this.here());
    if (remedy === "mend") {
      this.source?.mend();
      if (this.wanted) void this.play();
    }
  }

  // ---- what the element says

  /** Media moves on, or the viewer holds it. */
  private moving(): boolean {
    return this.played && this.stalledSince === undefined && (this.video.paused || this.buffer() > 0.05);
  }

  private onEnded(): void {
    if (this.replaying) this.changed(); // it can be played again
    else this.finish();
  }

  private onPlaying(): void {
    this.played = true;
    this.rewind.arrived();
    this.resolveStall();
    this.enter("playing");
  }

  private onProgress(): void {
    if (this.video.paused || this.video.seeking || this.video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) return;
    this.recovery.playing(now());
    if (this.phase !== "playing" && this.source) this.onPlaying();
  }

  private onWaiting(): void {
    if (!this.played || this.video.paused || this.video.seeking || this.stalledSince !== undefined) return;
    this.stalledSince = now();
    clearTimeout(this.stallTimer);
    this.stallTimer = setTimeout(() => {
      if (this.stalledSince === undefined) return;
      this.enter("buffering");
      this.ask(0);
    }, lastingStall);
  }

  private resolveStall(): void {
    if (this.stalledSince === undefined) return;
    this.stalls++;
    this.catchUp.stalled(now(), now() - this.stalledSince);
    this.stalledSince = undefined;
  }

  private onPlay(): void {
    clearTimeout(this.pauseTimer);
    this.catchUp.restart();
    if (this.suspended) {
      this.suspended = false;
      this.source?.resume();
      this.rewind.resumed(now());
    }
    this.changed();
  }

  private onPause(): void {
    clearTimeout(this.pauseTimer);
    this.stalledSince = undefined;
    this.rewind.paused(now());
    this.pauseTimer = setTimeout(() => {
      if (!this.video.paused || !this.source) return;
      this.suspended = true;
      this.source.suspend();
    }, longPause * 1000);
    this.changed();
  }

  private steer(): void {
    const { video } = this;
    const p = this.source?.position();
    if (video.paused || this.suspended) return;
    const still = this.stalledSince ?? (this.played ? undefined : this.troubleSince);
    if (this.source && !this.pending && still !== undefined && now() - Math.max(still, this.troubleSince) > stuckAfter) {
      if (this.phase !== "interrupted") this.trouble("network", "stuck");
      return;
    }
    if (!p || !this.played || video.seeking || this.stalledSince !== undefined) return;
    if (this.rewind.held) {
      if (video.playbackRate !== 1) video.playbackRate = 1;
      return;
    }
    const step = this.catchUp.next({ now: now(), delay: p.delay, buffer: this.buffer(), holdBack: p.holdBack });
    if (step.jump > 0) video.currentTime += step.jump;
    if (video.playbackRate !== step.rate) video.playbackRate = step.rate;
  }

  private enter(phase: Phase): void {
    if (phase === this.phase) return;
    this.phase = phase;
    this.changed();
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

/** Seconds on a clock that never goes back. */
function now(): number {
  return performance.now() / 1000;
}
