// Controls is the bar under the picture, and the keys.
import { el } from "../dom.ts";
import { figures } from "../duration.ts";
import { icon, setIcon, type IconName } from "../icons.ts";
import { label, number, say, span, type Key } from "../i18n.ts";
import type { Panel } from "./panel.ts";
import type { Player } from "./player.ts";
import type { Place } from "./rewind.ts";
import { SeekBar } from "./seekbar.ts";

/** So much more than the target, in s, still counts as being at the live edge. */
const atEdge = 0.9;

/** How fast a replay can be played. */
const speeds = [0.5, 0.75, 1, 1.25, 1.5, 2];

/** How far an arrow and J or L go, in s. */
const smallStep = 5;
const largeStep = 10;

interface VideoOfIPhone extends HTMLVideoElement {
  webkitEnterFullscreen?: () => void;
}

export class Controls {
  readonly root: HTMLElement;
  private readonly playButton = new Toggle("play", () => this.player.toggle());
  private readonly muteButton = new Toggle("sound", () => this.player.setMuted(!this.player.video.muted));
  private readonly volume = el("input", { type: "range", class: "volume", min: "0", max: "100", step: "5" });
  private readonly edgeDot = el("span", { class: "dot", "aria-hidden": "true" });
  private readonly edgeWords = el("span");
  private readonly edge = el("button", { type: "button", class: "edge" }, this.edgeDot, this.edgeWords);
  private readonly seekBar: SeekBar;
  private readonly speed = el("select", { class: "speed", id: "speed" });
  private readonly audioButton = new Toggle("audio", () => this.player.setAudioOnly(!this.player.audioOnly));
  private readonly statsButton = new Toggle("stats", () => this.toggleStats());
  private readonly pipButton = new Toggle("pip", () => void this.pip());
  private readonly fullButton = new Toggle("expand", () => this.fullscreen());

  constructor(
    private readonly player: Player,
    private readonly stage: HTMLElement,
    private readonly panel: Panel,
  ) {
    this.seekBar = new SeekBar(player);
    label(this.volume, "player.volume");
    label(this.speed, "player.speed");
    this.fillSpeeds();
    document.addEventListener("shoal:language", () => this.fillSpeeds());
    label(this.statsButton.root, "player.stats");
    label(this.pipButton.root, "player.pip");
    this.pipButton.root.classList.add("pip");
    this.audioButton.root.classList.add("listen");
    this.statsButton.root.classList.add("stats");
    this.fullButton.root.classList.add("always");
    this.statsButton.root.setAttribute("aria-expanded", "false");
    this.statsButton.root.setAttribute("aria-controls", panel.root.id);
    this.pipButton.root.hidden = !document.pictureInPictureEnabled;
    this.root = el(
      "div",
      { class: "controls", role: "group" },
      this.seekBar.root,
      this.playButton.root,
      this.muteButton.root,
      this.volume,
      this.edge,
      el("span", { class: "gap" }),
      this.speed,
      this.audioButton.root,
      this.statsButton.root,
      this.pipButton.root,
      this.fullButton.root,
    );
    label(this.root, "player.controls");

    this.volume.addEventListener("input", () => player.setVolume(Number(this.volume.value) / 100));
    this.speed.addEventListener("change", () => player.setSpeed(Number(this.speed.value)));
    this.edge.addEventListener("click", () => player.goLive());
    player.video.addEventListener("volumechange", () => this.show());
    panel.onClose(() => this.statsShown(false));
    document.addEventListener("fullscreenchange", () => this.show());
    document.addEventListener("keydown", (e) => this.key(e));
    setInterval(() => this.showEdge(), 500);
  }

  focus(): void {
    this.playButton.root.focus({ preventScroll: true });
  }

  show(): void {
    const { player } = this;
    const { video } = player;
    const silent = video.muted || video.volume === 0;
    this.playButton.set(video.paused ? "play" : "pause", video.paused ? "player.play" : "player.pause");
    this.muteButton.set(silent ? "silent" : "sound", silent ? "player.unmute" : "player.mute");
    const volume = silent ? 0 : Math.round(video.volume * 100);
    this.volume.value = String(volume);
    this.volume.style.setProperty("--part", `${volume}%`);
    this.audioButton.root.hidden = player.replaying || !player.live?.audioUrl || !player.live.videoCodec;
    this.speed.hidden = !player.replaying;
    this.speed.value = String(player.speed);
    this.seekBar.show();
    this.audioButton.set("audio", player.audioOnly ? "player.audio.off" : "player.audio", player.audioOnly);
    const full = document.fullscreenElement === this.stage;
    this.fullButton.set(full ? "shrink" : "expand", full ? "player.fullscreen.off" : "player.fullscreen");
    this.pipButton.root.hidden = !document.pictureInPictureEnabled || player.audioOnly;
    this.showEdge();
  }

  fullscreen(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (this.stage.requestFullscreen) void this.stage.requestFullscreen().catch(() => undefined);
    else (this.player.video as VideoOfIPhone).webkitEnterFullscreen?.();
  }

  private async pip(): Promise<void> {
    try {
      if (document.pictureInPictureElement) await document.exitPictureInPicture();
      else await this.player.video.requestPictureInPicture();
    } catch {
      // Refused by the browser; there is nothing else to try.
    }
  }

  private toggleStats(): void {
    this.statsShown(this.panel.toggle());
  }

  private statsShown(shown: boolean): void {
    this.statsButton.root.setAttribute("aria-expanded", String(shown));
    this.statsButton.root.classList.toggle("on", shown);
    if (!shown && this.panel.root.contains(document.activeElement)) this.statsButton.root.focus({ preventScroll: true });
  }

  private showEdge(): void {
    const { player } = this;
    const on = !player.replaying && (player.phase === "playing" || player.phase === "buffering");
    this.edge.hidden = !on;
    if (!on) return;
    if (player.video.paused) {
      this.edge.classList.remove("at");
      say(this.edgeWords, "player.paused");
      label(this.edge, "player.paused.label");
      return;
    }
    const p = player.position();
    const behind = p ? p.delay - p.target : 0;
    const at = behind < atEdge && !player.rewind.held;
    this.edge.classList.toggle("at", at);
    if (at) {
      say(this.edgeWords, "player.atEdge");
      label(this.edge, "player.atEdge.label");
      return;
    }
    if (player.rewind.held) say(this.edgeWords, "player.paused");
    else if (behind < 60) say(this.edgeWords, "player.behind", { seconds: number(Math.round(behind)) });
    else say(this.edgeWords, "player.behind.long", { time: figures(behind) });
    label(this.edge, "player.behind.label", { time: span(behind) });
  }

  private fillSpeeds(): void {
    this.speed.replaceChildren(...speeds.map((s) => el("option", { value: String(s) }, `${number(s, s % 1 === 0 ? 0 : s % 0.5 === 0 ? 1 : 2)} ×`)));
    this.speed.value = String(this.player.speed);
  }

  /** The keys of time; false for others. */
  private timeKey(key: string, place: Place): boolean {
    const { player } = this;
    switch (key) {
      case "arrowleft":
        player.rewind.step(-smallStep);
        break;
      case "arrowright":
        player.rewind.step(smallStep);
        break;
      case "j":
        player.rewind.step(-largeStep);
        break;
      case "l":
        if (place.live) return false;
        player.rewind.step(largeStep);
        break;
      case "home":
        player.rewind.seek(0);
        break;
      case "end":
        if (place.live) player.goLive();
        else player.rewind.seek(place.length);
        break;
      case "<":
      case ">": {
        if (place.live) return false;
        const next = speeds.indexOf(player.speed) + (key === ">" ? 1 : -1);
        player.setSpeed(speeds[Math.min(speeds.length - 1, Math.max(0, next))]!);
        break;
      }
      default:
        return false;
    }
    this.seekBar.show();
    return true;
  }

  private key(e: KeyboardEvent): void {
    if (e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]")) return;
    const at = e.target instanceof Element ? e.target : document.body;
    if (at.matches("input:not([type=range]), textarea, select")) return;
    const pressing = at.closest("button, a, summary") !== null; // space presses it, as everywhere
    const { player } = this;
    const place = player.rewind.place();
    const sideways = /^Arrow(Left|Right)$/.test(e.key);
    const heard = sideways ? at !== this.volume && (at === document.body || this.hears(at)) : !/^(Home|End)$/.test(e.key) || this.hears(at);
    if (place && heard && this.timeKey(e.key.toLowerCase(), place)) {
      e.preventDefault();
      return;
    }
    switch (e.key.toLowerCase()) {
      case " ":
        if (pressing) return;
        player.toggle();
        break;
      case "k":
        player.toggle();
        break;
      case "m":
        player.setMuted(!player.video.muted);
        break;
      case "f":
        this.fullscreen();
        break;
      case "l":
        player.goLive();
        break;
      case "a":
        player.setAudioOnly(!player.audioOnly);
        break;
      case "i":
        this.toggleStats();
        break;
      case "arrowup":
      case "arrowdown": {
        // On the page the arrows scroll; over the player they change the volume.
        if (at === this.volume || !this.hears(at)) return;
        const now = player.video.muted ? 0 : player.video.volume;
        player.setVolume(now + (e.key === "ArrowUp" ? 0.05 : -0.05));
        break;
      }
      default:
        return;
    }
    e.preventDefault();
  }

  /** The keys that scroll a page are the player's where it has the focus, or the screen. */
  private hears(at: Element): boolean {
    return this.stage.contains(at) || document.fullscreenElement !== null || document.body.classList.contains("embedded");
  }
}

/** A button with an icon whose meaning changes. */
class Toggle {
  readonly root: HTMLButtonElement;
  private readonly picture: SVGElement;

  constructor(name: IconName, press: () => void) {
    this.picture = icon(name);
    this.root = el("button", { type: "button", class: "control" }, this.picture);
    this.root.addEventListener("click", press);
  }

  set(name: IconName, words: Key, on?: boolean): void {
    setIcon(this.picture, name);
    label(this.root, words);
    if (on !== undefined) this.root.classList.toggle("on", on);
  }
}
