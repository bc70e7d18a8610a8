// The page of one live, and later of its replay: player, facts, and ways to pass it on.
import { countIn } from "../audience.ts";
import { copyButton } from "../clipboard.ts";
import { el, find, refill } from "../dom.ts";
import { Gate } from "../gate.ts";
import { count, day, number, say, t, time } from "../i18n.ts";
import { icon } from "../icons.ts";
import { Player } from "../player/player.ts";
import { Stage } from "../player/stage.ts";
import { shareButton } from "../share.ts";
import { render } from "../text.ts";
import "../words/watch.ts";
import { nameTab, part, startPage } from "./common.ts";

startPage();
const id = part(2);
const video = el("video", { playsinline: true, preload: "auto" });
const player = new Player(video, id, true);
new Stage(find("#player"), player);
find("#player").before(new Gate(player).root);
countIn(player);

const badge = find("#badge");
const facts = find("#facts");

function show(): void {
  const { live, phase } = player;
  const shut = phase === "locked" || phase === "login" || phase === "forbidden";
  find("#player").hidden = shut;
  find("#details").hidden = shut;
  if (!live || shut) return;
  find("#name").textContent = live.name;
  nameTab(live.name);
  badge.className = `badge ${live.state}`;
  badge.hidden = false;
  say(badge, `state.${live.state}`);
  showSince(live.startedAt ? new Date(live.startedAt) : undefined);
  const on = live.state === "live";
  find("#picture").textContent = on && live.height > 0 ? `${live.width} × ${live.height}` : "";
  const viewers = find("#viewers");
  const replayed = live.state === "replay" && live.views !== undefined;
  viewers.hidden = !replayed && !live.viewers;
  if (replayed) count(viewers, "views", live.views ?? 0);
  else count(viewers, "viewers", live.viewers ?? 0);
  facts.hidden = false;
  showAround();
  if ("mediaSession" in navigator) navigator.mediaSession.metadata = new MediaMetadata({ title: live.name, artist: live.channel?.displayName ?? t("site.name") });
}

function showSince(started: Date | undefined): void {
  const since = find("#since");
  const state = player.live?.state;
  if (!started || state === "waiting") say(since, "card.never");
  else if (state === "replay") say(since, "watch.on", { day: day(started) });
  else say(since, state === "ended" ? "card.ended" : "card.since", { time: time(started) });
}

/** Channel, description, download, and the way to the replay of a live that keeps its own address. */
function showAround(): void {
  const { live } = player;
  if (!live) return;
  const { channel, description = "", downloadUrl = "", nextRef = "" } = live;
  refill(find("#channel"), channel ?? null, () => (channel ? [el("a", { href: `/c/${encodeURIComponent(channel.name)}` }, channel.displayName)] : []));
  refill(find("#description"), description, () => render(description));
  find("#description").hidden = description.trim() === "";
  refill(find("#download-place"), downloadUrl, () => (downloadUrl ? [download(downloadUrl)] : []));
  const next = nextRef !== "" && live.state !== "live" && live.state !== "interrupted";
  find("#next").hidden = !next;
  if (next) find<HTMLAnchorElement>("#next-link").href = `/w/${encodeURIComponent(nextRef)}`;
}

function download(url: string): HTMLElement {
  const words = el("span");
  say(words, "card.download");
  return el("a", { class: "button", id: "download", href: url, download: true }, icon("download"), words);
}

function showDelay(): void {
  const p = player.phase === "playing" && !video.paused ? player.position() : undefined;
  const delay = find("#delay");
  delay.hidden = !p || p.delay > 30;
  if (p) say(delay, "watch.delay", { seconds: number(p.delay, 1) });
}

player.onChange(() => {
  show();
  showDelay();
});
document.addEventListener("shoal:language", show);
setInterval(showDelay, 2000);

const uuid = () => player.live?.uuid ?? id;
const here = () => new URL(`/w/${encodeURIComponent(uuid())}`, location.href).href;
find("#actions").append(copyButton(here, "copy.link"), shareButton(uuid));
