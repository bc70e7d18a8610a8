// Chart draws one figure over the last minutes as a line, with its present value as text, and with words for those who do
// not see the line.
import { el, svg } from "./dom.ts";
import { label, say, type Key } from "./i18n.ts";
import "./words/studio.ts";

export interface Point {
  /** ms */
  t: number;
  value: number;
}

/** The size of the drawing, in its own units. */
const width = 300;
const height = 80;

/** The words change seldom: who listens to them is to hear them to their end. In ms. */
const spokenEvery = 10_000;

export class Chart {
  readonly root: HTMLElement;
  private readonly now = el("span", { class: "chart-now" });
  private readonly top = el("span", { class: "chart-top", "aria-hidden": "true" });
  private readonly line = svg("path", { class: "chart-line" });
  private readonly area = svg("path", { class: "chart-area" });
  private readonly limit = svg("line", { class: "chart-limit", x1: "0", x2: String(width) });
  private readonly picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img", preserveAspectRatio: "none" }, this.area, this.line, this.limit);
  private spoken = -Infinity;

  /**
   * @param summary words with {now}, {least} and {most}
   * @param write a value as text
   * @param span how much time the line shows, in ms
   */
  constructor(
    title: Key,
    private readonly summary: Key,
    private readonly write: (value: number) => string,
    private readonly span: number,
  ) {
    const heading = el("h3", { class: "chart-title" });
    say(heading, title);
    this.root = el("figure", { class: "chart-box" }, el("figcaption", { class: "chart-head" }, heading, this.now), el("div", { class: "chart-field" }, this.top, this.picture));
    document.addEventListener("shoal:language", () => (this.spoken = -Infinity));
  }

  /** @param limit a value that is not to be passed; 0 for none */
  draw(points: Point[], now: number, limit = 0): void {
    const shown = points.filter((p) => p.t > now - this.span);
    const values = shown.map((p) => p.value);
    const last = values.at(-1) ?? 0;
    this.now.textContent = shown.length > 0 ? this.write(last) : "–";
    const most = scale(Math.max(0, ...values, limit > 0 && Math.max(...values) > limit / 2 ? limit : 0));
    this.top.textContent = shown.length > 0 ? this.write(most) : "";
    const { line, area } = paths(shown, now - this.span, this.span, most);
    this.line.setAttribute("d", line);
    this.area.setAttribute("d", area);
    const y = height - (limit / most) * height;
    this.limit.setAttribute("visibility", limit > 0 && y >= 0 ? "visible" : "hidden");
    this.limit.setAttribute("y1", String(y));
    this.limit.setAttribute("y2", String(y));
    this.speak(values);
  }

  private speak(values: number[]): void {
    if (performance.now() - this.spoken < spokenEvery) return;
    this.spoken = performance.now();
    if (values.length === 0) label(this.picture, "live.chart.none");
    else label(this.picture, this.summary, { now: this.write(values.at(-1)!), least: this.write(Math.min(...values)), most: this.write(Math.max(...values)) });
  }
}

/** The next round value above: 1, 2 or 5 times a power of ten. */
export function scale(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((n) => n * power >= value * 1.02) ?? 10) * power;
}

/** A line through the points, broken where seconds are missing, and the area under it. */
export function paths(points: Point[], from: number, span: number, most: number): { line: string; area: string } {
  const x = (p: Point) => (((p.t - from) / span) * width).toFixed(1);
  const y = (p: Point) => (height - Math.min(1, p.value / most) * (height - 2)).toFixed(1);
  let line = "";
  let area = "";
  let start: Point | undefined;
  points.forEach((p, i) => {
    const before = points[i - 1];
    if (!before || p.t - before.t > 2500) {
      if (start && before) area += `V${height}H${x(start)}Z`;
      start = p;
      line += `M${x(p)} ${y(p)}`;
      area += `M${x(p)} ${y(p)}`;
    } else {
      line += `L${x(p)} ${y(p)}`;
      area += `L${x(p)} ${y(p)}`;
    }
  });
  if (start) area += `V${height}H${x(start)}Z`;
  return { line, area };
}
