// Stage is all that a viewer sees of a Player: picture, words over it, controls, and the panel of figures.
import { el, refill, svg } from "../dom.ts";
import { icon } from "../icons.ts";
import { picture } from "../card.ts";
import { hush, label, say } from "../i18n.ts";
import { Controls } from "./controls.ts";
import { Panel } from "./panel.ts";
import type { Player } from "./player.ts";
import { statusOf } from "./status.ts";

/** The controls hide after the pointer has rested for so many ms over moving pictures. */
const rest = 2800;

export class Stage {
  readonly root: HTMLElement;
  private readonly status = el("p", { class: "status-title" });
  private readonly more = el("p", { class: "status-more" });
  private readonly statusBox = el("div", { class: "status", role: "status" }, el("span", { class: "spinner", "aria-hidden": "true" }), this.status, this.more);
  private readonly backdrop = el("div", { class: "backdrop", "aria-hidden": "true" });
  private readonly begin = el("button", { type: "button", class: "begin" }, icon("play"));
  private readonly sound = el("button", { type: "button", class: "sound-on" }, icon("silent"));
  private readonly audioCard = el("div", { class: "audio-card", "aria-hidden": "true" }, wave());
  private readonly controls: Controls;
  private readonly panel: Panel;
  private restTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    root: HTMLElement,
    private readonly player: Player,
  ) {
    this.root = root;
    this.panel = new Panel(player);
    this.controls = new Controls(player, root, this.panel);
    root.classList.add("player");
    root.setAttribute("role", "region");
    label(root, "player.label");
    label(this.begin, "player.play");
    const words = el("span");
    say(words, "player.tap");
    this.sound.append(words);
    root.append(player.video, this.backdrop, this.audioCard, this.statusBox, this.begin, this.sound, this.panel.root, this.controls.root);

    this.begin.addEventListener("click", () => void player.play());
    this.sound.addEventListener("click", () => {
      player.setMuted(false);
      this.controls.focus();
    });
    player.video.addEventListener("click", () => this.tapped());
    player.video.addEventListener("dblclick", () => this.controls.fullscreen());
    for (const type of ["pointermove", "pointerdown", "keydown", "focusin"]) root.addEventListener(type, () => this.awake());
    root.addEventListener("pointerleave", () => this.asleep());
    player.onChange(() => this.show());
    player.video.addEventListener("loadeddata", () => this.show());
    this.show();
    this.awake();
  }

  private show(): void {
    const { player, root } = this;
    const { video, phase } = player;
    const status = statusOf(phase);
    const offered = phase === "offered";
    const stopped = offered || (video.paused && (phase === "playing" || phase === "connecting" || phase === "buffering"));
    root.dataset["phase"] = phase;
    root.classList.toggle("paused", video.paused);
    root.classList.toggle("pictured", video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && !player.audioOnly);
    root.classList.toggle("listening", player.audioOnly && phase === "playing");
    root.classList.toggle("busy", status?.busy ?? false);

    const spoken = status && (!stopped || offered);
    this.statusBox.classList.toggle("quiet", !spoken);
    if (spoken) {
      say(this.status, status.title);
      if (status.more) say(this.more, status.more);
      else hush(this.more);
    } else {
      hush(this.status);
      hush(this.more);
    }
    this.begin.hidden = !stopped;
    this.sound.hidden = !(player.silenced && video.muted && !video.paused && phase === "playing");
    if (player.live) refill(this.backdrop, [player.live.uuid, player.live.poster], () => [picture(player.live!)]);
    root.classList.toggle("replaying", player.replaying);
    this.controls.show();
    if (stopped || phase !== "playing") this.awake();
  }

  /** A mouse plays and pauses by a click; a finger calls the controls, which it cannot hover. */
  private tapped(): void {
    if (matchMedia("(hover: none)").matches) this.awake();
    else if (this.player.phase === "offered" || this.player.phase === "playing" || !this.player.video.paused) this.player.toggle();
  }

  private awake(): void {
    this.root.classList.remove("resting");
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => this.asleep(), rest);
  }

  private asleep(): void {
    const busy = this.controls.root.matches(":has(:focus-visible), :hover") || this.player.video.paused || this.player.phase !== "playing";
    this.root.classList.toggle("resting", !busy);
    if (busy) {
      clearTimeout(this.restTimer);
      this.restTimer = setTimeout(() => this.asleep(), rest);
    }
  }
}

/** Bars that swing while only sound plays. */
function wave(): SVGElement {
  const heights = [14, 30, 52, 36, 64, 44, 70, 40, 58, 28, 46, 22, 12];
  const bars = heights.map((h, i) => svg("rect", { x: String(i * 14), y: String(40 - h / 2), width: "6", height: String(h), rx: "3" }));
  return svg("svg", { viewBox: "0 0 174 80", class: "wave" }, ...bars);
}
