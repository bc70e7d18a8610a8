// Panel shows delay and buffer as figures and as a line, for those who ask. It costs nothing while it is closed.
import { el, svg } from "../dom.ts";
import { icon } from "../icons.ts";
import { label, number, say, type Args, type Key } from "../i18n.ts";
import type { Player } from "./player.ts";

const every = 500; // ms between two readings
const kept = 120; // readings: a minute

/** The size of the drawing, in its own units. */
const width = 240;
const height = 44;

export class Panel {
  readonly root: HTMLElement;
  private readonly values = new Map<Key, HTMLElement>();
  private readonly delayLine = svg("polyline", { class: "delay-line" });
  private readonly targetLine = svg("line", { class: "target-line", x1: "0", x2: String(width) });
  private readonly top = svg("text", { x: "2", y: "9" });
  private readonly graph: SVGElement;
  private readonly list = el("dl");
  private readonly shut = el("button", { type: "button", class: "control close" }, icon("close"));
  private delays: number[] = [];
  private timer: ReturnType<typeof setInterval> | undefined;
  private closed: () => void = () => undefined;

  constructor(private readonly player: Player) {
    const heading = el("h2");
    say(heading, "player.stats");
    label(this.shut, "qr.close");
    this.graph = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "graph", role: "img", preserveAspectRatio: "none" }, this.targetLine, this.delayLine, this.top);
    label(this.graph, "stats.graph");
    const keys = el("p", { class: "keys" });
    say(keys, "player.keys");
    this.root = el("section", { class: "panel", id: "player-panel", hidden: true }, el("div", { class: "panel-head" }, heading, this.shut), this.graph, this.list, keys);
    label(this.root, "player.stats");
    this.shut.addEventListener("click", () => this.toggle());
    this.root.addEventListener("keydown", (e) => {
      if (e.key === "Escape" && !this.root.hidden) this.toggle();
    });
  }

  onClose(listener: () => void): void {
    this.closed = listener;
  }

  /** Opens or closes the panel and says whether it is open now. */
  toggle(): boolean {
    this.root.hidden = !this.root.hidden;
    clearInterval(this.timer);
    if (this.root.hidden) {
      this.closed();
      return false;
    }
    this.delays = [];
    this.read();
    this.timer = setInterval(() => this.read(), every);
    return true;
  }

  private read(): void {
    const { player } = this;
    const { video, live } = player;
    const p = player.position();
    const frames = video.getVideoPlaybackQuality?.();
    this.set("stats.delay", p && "stats.seconds", { n: number(p?.delay ?? 0, 2) });
    this.set("stats.target", p && "stats.seconds", { n: number(p?.target ?? 0, 2) });
    this.set("stats.buffer", "stats.seconds", { n: number(player.buffer(), 2) });
    this.text("stats.rate", `× ${number(video.playbackRate, 2)}`);
    this.text("stats.stalls", number(player.stalls));
    if (frames) this.set("stats.dropped", "stats.of", { n: number(frames.droppedVideoFrames), total: number(frames.totalVideoFrames) });
    if (video.videoWidth > 0) this.text("stats.picture", `${video.videoWidth} × ${video.videoHeight}${live?.frameRate ? ` · ${number(live.frameRate, live.frameRate % 1 ? 2 : 0)}/s` : ""}`);
    const rate = player.meter.rate() || live?.bitrate || 0;
    if (rate > 0) this.text("stats.bitrate", `${number(rate / 1e6, 2)} Mbit/s`);
    if (live) this.text("stats.codecs", [live.videoCodec, live.audioCodec].filter(Boolean).join(" · "));
    if (player.way) this.set("stats.way", `stats.way.${player.way}`);
    if (p) this.draw(p.delay, p.target);
  }

  private cell(name: Key): HTMLElement {
    let cell = this.values.get(name);
    if (!cell) {
      const term = el("dt");
      say(term, name);
      cell = el("dd");
      this.list.append(el("div", {}, term, cell));
      this.values.set(name, cell);
    }
    return cell;
  }

  private set(name: Key, words: Key | undefined, args?: Args): void {
    if (words) say(this.cell(name), words, args);
  }

  private text(name: Key, words: string): void {
    if (words) this.cell(name).textContent = words;
  }

  private draw(delay: number, target: number): void {
    this.delays.push(delay);
    if (this.delays.length > kept) this.delays.shift();
    const most = Math.ceil(Math.max(1.5, ...this.delays, target) * 2) / 2;
    const y = (d: number) => (height - 2 - (d / most) * (height - 4)).toFixed(1);
    const first = kept - this.delays.length;
    this.delayLine.setAttribute("points", this.delays.map((d, i) => `${(((first + i) * width) / (kept - 1)).toFixed(1)},${y(d)}`).join(" "));
    this.targetLine.setAttribute("y1", y(target));
    this.targetLine.setAttribute("y2", y(target));
    this.top.textContent = `${number(most, 1)} s`;
  }
}
