// The card of a live or of a replay.
import { isPoster, type Live } from "./api/lives.ts";
import { el, find } from "./dom.ts";
import { figures } from "./duration.ts";
import { count, day, number, say, time } from "./i18n.ts";
import { icon } from "./icons.ts";
import { school } from "./school.ts";
import "./words/site.ts";

export type Shown = Pick<Live, "uuid" | "name" | "state" | "startedAt"> & Partial<Live>;

export function card(live: Shown): HTMLElement {
  const name = el("span", { class: "card-name" }, live.name);
  const go = el("span", { class: "button strong card-go", "aria-hidden": "true" }, icon("play"), el("span"));
  say(find("span", go), "card.watch");
  return el(
    "li",
    {},
    el(
      "a",
      { class: `card ${live.state}`, href: `/w/${encodeURIComponent(live.uuid)}`, "data-uuid": live.uuid },
      el("span", { class: "card-picture" }, picture(live), badge(live)),
      el("span", { class: "card-text" }, name, live.channel && el("span", { class: "card-channel" }, live.channel.displayName), facts(live), go),
    ),
  );
}

/** The poster, or the drawn card while there is none, or none any more. */
export function picture(live: Pick<Live, "uuid" | "poster">): Element {
  if (!isPoster(live.poster)) return school(live.uuid);
  const img = el("img", { src: live.poster, alt: "", class: "poster", loading: "lazy", decoding: "async", width: "850", height: "480" });
  img.addEventListener("error", () => img.replaceWith(school(live.uuid)), { once: true });
  return img;
}

export function badge(live: Pick<Shown, "state" | "duration">): HTMLElement {
  const node = el("span", { class: `badge ${live.state}` });
  if (live.state === "replay" && live.duration) node.textContent = figures(live.duration);
  else say(node, `state.${live.state}`);
  return node;
}

function facts(live: Shown): HTMLElement {
  const since = el("span");
  const started = live.startedAt ? new Date(live.startedAt) : undefined;
  if (live.state === "replay") since.textContent = started ? day(started) : "";
  else if (!started || live.state === "waiting") say(since, "card.never");
  else say(since, live.state === "ended" ? "card.ended" : "card.since", { time: time(started) });
  return el("span", { class: "card-facts" }, since, audience(live), quality(live));
}

function audience(live: Shown): HTMLElement | undefined {
  const node = el("span");
  if (live.state === "replay") {
    if (live.views === undefined) return undefined;
    count(node, "views", live.views);
    return node;
  }
  if (live.state !== "live" || !live.viewers) return undefined;
  count(node, "viewers", live.viewers);
  return node;
}

function quality(live: Shown): HTMLElement | undefined {
  if (live.state !== "live") return undefined;
  const node = el("span");
  const { height = 0, frameRate = 0 } = live;
  if (height > 0) node.textContent = `${height}p${frameRate > 0 ? ` · ${number(Math.round(frameRate))}/s` : ""}`;
  else if (live.audioCodec && !live.videoCodec) say(node, "card.audio");
  else return undefined;
  return node;
}
