// The home page: what is live, what waits, what ended, and how to send a stream where the node tells it.
import { rtmpServer, watchUrl } from "../address.ts";
import { getLives, getNode, type Live, type NodeInfo } from "../api.ts";
import { copyField } from "../clipboard.ts";
import { el, find, refill } from "../dom.ts";
import { icon } from "../icons.ts";
import { number, say, time } from "../i18n.ts";
import { school } from "../school.ts";
import { startPage } from "./common.ts";

const every = 3000; // ms between two looks

const nowSection = find("#live");
const laterSection = find("#later");
const noneSection = find("#none");
const encoderSection = find("#encoder");
const loading = find("#loading");
const offline = find("#offline");

let node: NodeInfo | undefined;
let lives: Live[] | undefined;

function show(): void {
  if (!lives) return;
  loading.hidden = true;
  const isOn = (l: Live) => l.state === "live" || l.state === "interrupted";
  const on = lives.filter(isOn);
  const later = lives.filter((l) => !isOn(l));
  nowSection.hidden = on.length === 0;
  laterSection.hidden = later.length === 0;
  noneSection.hidden = on.length > 0;
  say(find("#none-text"), lives.length > 0 ? "home.none.waiting" : "home.none.empty");
  refill(find("#live-cards"), on, () => on.map(card));
  refill(find("#later-cards"), later, () => later.map(card));
  showEncoder();
}

function card(live: Live): HTMLElement {
  const name = el("span", { class: "card-name" }, live.name);
  const badge = el("span", { class: `badge ${live.state}` });
  say(badge, `state.${live.state}`);
  const since = el("span");
  const started = live.startedAt ? new Date(live.startedAt) : undefined;
  if (!started) say(since, "home.never");
  else say(since, live.state === "ended" ? "home.ended" : "home.since", { time: time(started) });
  const go = el("span", { class: "button strong card-go", "aria-hidden": "true" }, icon("play"), el("span"));
  say(find("span", go), "home.watch");
  const facts = el("span", { class: "card-facts" }, since, picture(live));
  return el(
    "li",
    {},
    el(
      "a",
      { class: `card ${live.state}`, href: `/w/${encodeURIComponent(live.uuid)}` },
      el("span", { class: "card-picture" }, school(live.uuid), badge),
      el("span", { class: "card-text" }, name, facts, go),
    ),
  );
}

function picture(live: Live): HTMLElement | undefined {
  if (live.state !== "live") return undefined;
  const facts = el("span");
  if (live.height > 0) facts.textContent = `${live.height}p${live.frameRate > 0 ? ` · ${number(Math.round(live.frameRate))}/s` : ""}`;
  else if (live.audioCodec && !live.videoCodec) say(facts, "home.audio");
  else return undefined;
  return facts;
}

function showEncoder(): void {
  const { encoder = [], rtmpPort } = node ?? {};
  encoderSection.hidden = encoder.length === 0 || !rtmpPort;
  if (!rtmpPort) return;
  const server = rtmpServer(new URL(location.href), rtmpPort);
  refill(find("#encoder-list"), [server, encoder, lives?.map((l) => l.name), node?.hosts], () =>
    encoder.map(({ live, key }) => {
      const name = lives?.find((l) => l.uuid === live)?.name ?? "";
      const command = `ffmpeg -re -i film.mp4 -c:v libx264 -preset veryfast -tune zerolatency -g 50 -c:a aac -f flv ${server}/${key}`;
      const fields = el(
        "div",
        { class: "fields" },
        el("h3", {}, name),
        copyField("encoder.server", server),
        copyField("encoder.key", key),
        copyField("encoder.command", command),
      );
      const row = el("li", { class: "encoder" }, fields);
      const url = watchUrl(new URL(location.href), live, node);
      if (url) void addCode(row, url);
      return row;
    }),
  );
}

async function addCode(row: HTMLElement, url: string): Promise<void> {
  const { qrCode } = await import("../qr.ts");
  const caption = el("figcaption");
  say(caption, "encoder.phone");
  row.append(el("figure", { class: "code" }, qrCode(url), caption));
}

async function look(): Promise<void> {
  try {
    [lives, node] = await Promise.all([getLives(), node ?? getNode()]);
    offline.hidden = true;
    show();
  } catch {
    offline.hidden = false;
    loading.hidden = true;
  }
  setTimeout(whenSeen, every * (0.85 + 0.3 * Math.random()));
}

/** A page that nobody sees asks for nothing. */
function whenSeen(): void {
  if (document.visibilityState === "visible") void look();
  else document.addEventListener("visibilitychange", whenSeen, { once: true });
}

startPage();
find(".hero").append(school("shoal"));
document.addEventListener("shoal:language", () => {
  for (const list of document.querySelectorAll<HTMLElement>("[data-state]")) delete list.dataset["state"];
  show();
});
void look();
