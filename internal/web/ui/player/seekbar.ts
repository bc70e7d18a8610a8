// SeekBar is the line over the controls: how far a replay has come, or how far back a live is watched.
import { el } from "../dom.ts";
import { figures } from "../duration.ts";
import { clock, hush, label, say, span, t } from "../i18n.ts";
import type { Player } from "./player.ts";
import type { Place } from "./rewind.ts";
import { atEdge } from "./timeline.ts";

export class SeekBar {
  readonly root: HTMLElement;
  readonly input = el("input", { type: "range", class: "seek-line", id: "seek", min: "0", max: "0", step: "1", value: "0" });
  private readonly hint = el("output", { class: "seek-hint", for: "seek", hidden: true });
  private readonly figures = el("span", { class: "seek-figures" });
  private readonly clock = el("span", { class: "seek-clock" });
  private dragging = false;

  constructor(private readonly player: Player) {
    label(this.input, "player.seek");
    this.root = el("div", { class: "seek", hidden: true }, this.hint, this.input, this.clock, this.figures);
    this.input.addEventListener("input", () => this.drag());
    this.input.addEventListener("change", () => this.drop());
    this.input.addEventListener("pointermove", (e) => this.point(e));
    this.input.addEventListener("pointerleave", () => (this.hint.hidden = true));
    player.video.addEventListener("timeupdate", () => this.show());
    setInterval(() => this.show(), 500);
  }

  show(): void {
    const place = this.player.rewind.place();
    this.root.hidden = !place;
    if (place && !this.dragging) this.draw(place);
  }

  private draw(place: Place): void {
    const { input } = this;
    input.max = String(Math.floor(place.length));
    // The edge is the end of the bar, though a second or two lie between.
    const at = place.live && place.length - place.at <= atEdge ? place.length : place.at;
    input.value = String(Math.floor(at));
    this.write({ ...place, at });
  }

  private write(place: Place): void {
    const { input } = this;
    input.style.setProperty("--part", `${place.length > 0 ? (100 * place.at) / place.length : 0}%`);
    const behind = place.length - place.at;
    const words = place.live ? (behind < 1 ? t("player.atEdge") : `−${figures(behind)}`) : `${figures(place.at)} / ${figures(place.length)}`;
    if (this.figures.textContent !== words) this.figures.textContent = words;
    input.setAttribute("aria-valuetext", this.spoken(place, behind));
    if (place.live && behind >= 1) this.clock.textContent = clock(new Date(Date.now() - behind * 1000));
    else hush(this.clock);
  }

  private spoken(place: Place, behind: number): string {
    if (!place.live) return t("player.seek.at", { at: span(place.at), length: span(place.length) });
    if (behind < 1) return t("player.atEdge.label");
    return t("player.seek.behind", { behind: span(behind), time: clock(new Date(Date.now() - behind * 1000)) });
  }

  private chosen(): Place | undefined {
    const place = this.player.rewind.place();
    return place && { ...place, at: Math.min(Number(this.input.value), place.length) };
  }

  /** While it is moved, only the figures follow. */
  private drag(): void {
    this.dragging = true;
    const place = this.chosen();
    if (place) this.write(place);
  }

  private drop(): void {
    this.dragging = false;
    const { value, max } = this.input;
    if (value === max && this.player.rewind.place()?.live) this.player.goLive();
    else this.player.rewind.seek(Number(value));
    this.show();
  }

  /** Says where a click would lead. */
  private point(e: PointerEvent): void {
    const place = this.player.rewind.place();
    const box = this.input.getBoundingClientRect();
    if (!place || e.pointerType === "touch" || box.width === 0) return;
    const share = Math.min(1, Math.max(0, (e.clientX - box.left) / box.width));
    const at = share * place.length;
    if (place.live) say(this.hint, "player.seek.hint", { behind: figures(place.length - at), time: clock(new Date(Date.now() - (place.length - at) * 1000)) });
    else {
      hush(this.hint);
      this.hint.textContent = figures(at);
    }
    this.hint.style.left = `${e.clientX - this.root.getBoundingClientRect().left}px`;
    this.hint.hidden = false;
  }
}
