// What is wrong with a stream, in plain words with the cure. The codes and their values are those of the node's vitals.
import type { Finding, Severity } from "./api/studio.ts";
import { el } from "./dom.ts";
import { bitRate, known, number, percent, say, time, type Args, type Key } from "./i18n.ts";
import { icon, type IconName } from "./icons.ts";
import "./words/studio.ts";

/** Some codes mean different things, told apart by a value. */
function variant(code: string, values: Record<string, number>): string {
  switch (code) {
    case "no_video":
      return values["expected"] === 0 ? "no_video_at_all" : code;
    case "no_audio":
      return values["track"] === 0 ? "no_audio_at_all" : code;
    case "bit_rate_collapsed":
      if (values["actual"] === 0) return "bit_rate_nothing";
      return values["late"] === 1 ? "bit_rate_weak" : code;
    default:
      return code;
  }
}

const forms: Record<string, (value: number) => string> = {
  seconds: (v) => `${number(v, 1)} s`,
  percent,
  rate: (v) => number(v, 1),
  count: (v) => number(v),
  actual: bitRate,
  usual: bitRate,
  limit: bitRate,
};

export interface Words {
  title: Key;
  cure: Key;
  args: Args;
}

/** The words for a finding; undefined for a code that these pages do not know. */
export function wordsOf(finding: Pick<Finding, "code" | "values">): Words | undefined {
  const values = finding.values ?? {};
  const name = variant(finding.code, values);
  const [title, cure] = [`finding.${name}.title`, `finding.${name}.cure`];
  if (!known(title) || !known(cure)) return undefined;
  const args = Object.fromEntries(Object.entries(values).map(([key, v]) => [key, (forms[key] ?? String)(v)]));
  return { title, cure, args };
}

const icons: Record<Severity, IconName> = { info: "info", warning: "warning", error: "error" };
const severities: Record<Severity, Key> = { info: "severity.info", warning: "severity.warning", error: "severity.error" };

export function findingItem(finding: Finding): HTMLElement {
  const words = wordsOf(finding);
  const severity = el("span", { class: "unseen" });
  say(severity, severities[finding.severity]);
  const title = el("h3");
  const cure = el("p");
  if (words) {
    say(title, words.title, words.args);
    say(cure, words.cure, words.args);
  } else {
    title.textContent = finding.text;
  }
  const since = el("p", { class: "quiet-text" });
  say(since, "finding.since", { time: time(new Date(finding.since)) });
  return el("li", { class: `finding ${finding.severity}`, "data-code": finding.code }, icon(icons[finding.severity]), el("div", {}, severity, title, words && cure, since));
}
