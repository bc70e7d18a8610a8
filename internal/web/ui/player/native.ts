// NativeSource plays HLS where only the browser itself can: older iPhones, and WebKit without MediaSource. The browser
// keeps its distance to the live edge to itself and steers it alone.
import type { Mode, Position, Source, SourceListener } from "./source.ts";

export class NativeSource implements Source {
  readonly way = "native";
  private readonly ended = new AbortController();

  static supported(video: HTMLVideoElement): boolean {
    return video.canPlayType("application/vnd.apple.mpegurl") !== "";
  }

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly url: string,
    private readonly mode: Mode,
    listener: SourceListener,
  ) {
    const { signal } = this.ended;
    video.addEventListener(
      "error",
      () => {
        const code = video.error?.code;
        listener.trouble(code === MediaError.MEDIA_ERR_DECODE ? "media" : "network", `media error ${code}`);
      },
      { signal },
    );
    this.mend();
    if (mode.kind === "replay" && mode.start > 0) {
      video.addEventListener("loadedmetadata", () => (video.currentTime = mode.start), { signal, once: true });
    }
  }

  position(): Position | undefined {
    return undefined;
  }

  reach(): number | undefined {
    return undefined;
  }

  suspend(): void {
    // A paused element stops loading by itself.
  }

  resume(): void {
    if (!this.video.error) return;
    if (this.mode.kind === "replay") this.mode.start = this.video.currentTime;
    this.mend();
  }

  mend(): void {
    this.video.src = this.url;
    this.video.load();
  }

  close(): void {
    this.ended.abort();
    this.video.removeAttribute("src");
    this.video.load();
  }
}
