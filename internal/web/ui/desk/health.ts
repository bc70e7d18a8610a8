// Health is the part of the desk that says how the stream is: what is wrong and what to do, two lines, and figures.
import type { Studio } from "../api/studio.ts";
import { Chart } from "../chart.ts";
import { el, find, refill } from "../dom.ts";
import { findingItem, wordsOf } from "../findings.ts";
import { bitRate, number, say, type Key } from "../i18n.ts";

const span = 120_000; // ms that the lines show

export class Health {
  private readonly rate = new Chart("live.chart.rate", "live.chart.rate.summary", bitRate, span);
  private readonly frames = new Chart("live.chart.frames", "live.chart.frames.summary", (n) => `${number(n)}/s`, span);
  private known: string[] | undefined;

  /** @param announce tells those who do not see the page */
  constructor(private readonly announce: (words: Key, args?: Record<string, string>) => void) {
    find("#charts").append(this.rate.root, this.frames.root);
  }

  show(s: Studio): void {
    const findings = s.findings ?? [];
    const none = find("#health-none");
    none.hidden = findings.length > 0;
    none.classList.toggle("good", s.state === "live");
    say(none, s.state === "live" ? "live.health.good" : s.state === "interrupted" ? "live.health.lost" : "live.health.none");
    refill(find("#findings"), [findings, document.documentElement.lang], () => findings.map(findingItem));
    this.tell(findings);

    const samples = s.samples ?? [];
    const last = samples.at(-1)?.t ?? 0;
    this.rate.draw(samples.map(({ t, bitRate: value }) => ({ t, value })), last);
    this.frames.draw(samples.map(({ t, frames: value }) => ({ t, value })), last);
    find("#charts").hidden = samples.length === 0;
    this.figures(s);
  }

  /** What is new is said once. */
  private tell(findings: NonNullable<Studio["findings"]>): void {
    const codes = findings.map((f) => f.code);
    const fresh = this.known && findings.find((f) => f.severity !== "info" && !this.known!.includes(f.code));
    this.known = codes;
    const words = fresh && wordsOf(fresh);
    if (words) this.announce(words.title, words.args);
  }

  private figures(s: Studio): void {
    const { live } = s;
    const on = s.state === "live";
    const list: [Key, string][] = on
      ? [
          ["live.figure.encoder", [s.encoder, s.protocol].filter(Boolean).join(" · ")],
          ["live.figure.picture", live.width > 0 ? `${live.width} × ${live.height}` : ""],
          ["live.figure.frames", s.frameRate > 0 ? `${number(s.frameRate, s.frameRate % 1 > 0.05 ? 2 : 0)}/s` : ""],
          ["live.figure.keys", s.keyInterval > 0 ? `${number(s.keyInterval, 1)} s` : ""],
          ["live.figure.codecs", [live.videoCodec, live.audioCodec].filter(Boolean).join(" · ")],
        ]
      : [];
    const shown = list.filter(([, value]) => value !== "");
    refill(find("#figures"), shown, () =>
      shown.map(([name, value]) => {
        const term = el("dt");
        say(term, name);
        return el("div", {}, term, el("dd", {}, value));
      }),
    );
  }
}
