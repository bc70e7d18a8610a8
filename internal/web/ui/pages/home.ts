// The home page: what is live, what was, what waits, and how to send a stream where the node tells it.
import { rtmpServer, watchUrl } from "../address.ts";
import { getLives, getNode, type Live, type NodeInfo } from "../api/lives.ts";
import { knownSession } from "../api/session.ts";
import { cardOf, getVideos, type Video } from "../api/videos.ts";
import { card } from "../card.ts";
import { copyField } from "../clipboard.ts";
import { el, find, refill } from "../dom.ts";
import { hush, say } from "../i18n.ts";
import { school } from "../school.ts";
import "../words/home.ts";
import { startPage, whileSeen } from "./common.ts";

const every = 3000; // ms between two looks
const latest = 12; // replays
const replaysEvery = 10; // looks: they change seldom

const nowSection = find("#live");
const replaySection = find("#replays");
const laterSection = find("#later");
const noneSection = find("#none");
const encoderSection = find("#encoder");
const loading = find("#loading");
const offline = find("#offline");

let node: NodeInfo | undefined;
let lives: Live[] | undefined;
let replays: Video[] = [];
let looks = 0;
let on = "";

function show(): void {
  if (!lives) return;
  loading.hidden = true;
  showNode();
  const isOn = (l: Live) => l.state === "live" || l.state === "interrupted";
  const now = lives.filter(isOn);
  const later = lives.filter((l) => !isOn(l));
  nowSection.hidden = now.length === 0;
  laterSection.hidden = later.length === 0;
  noneSection.hidden = now.length > 0;
  replaySection.hidden = replays.length === 0;
  showNone(later.length > 0);
  refill(find("#live-cards"), now, () => now.map(card));
  const cards = replays.map(cardOf);
  refill(find("#replay-cards"), cards, () => cards.map(card));
  refill(find("#later-cards"), later, () => later.map(card));
  showEncoder();
}

/** What this instance says of itself, where somebody has told it. */
function showNode(): void {
  if (!node?.short) return;
  find("#node-name").textContent = node.name;
  hush(find("#intro"));
  find("#intro").textContent = node.short;
}

/** Nothing is live: what to do. */
function showNone(waiting: boolean): void {
  const session = knownSession();
  const link = find<HTMLAnchorElement>("#none-do");
  if (node && node.setUp === false) {
    say(find("#none-text"), "home.none.new");
    say(link, session ? "home.none.setUp" : "home.none.root");
    link.href = session ? "/setup" : "/login?next=/setup";
    link.hidden = false;
    return;
  }
  say(find("#none-text"), waiting ? "home.none.waiting" : session ? "home.none.mine" : "home.none.empty");
  say(link, session ? "home.none.create" : "home.none.login");
  link.href = session ? "/studio" : "/login?next=/studio";
  link.hidden = waiting && !session;
}

function showEncoder(): void {
  const { rtmpPort } = node ?? {};
  const encoder = node?.encoder ?? [];
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
    // A live that went or came may have left a replay.
    const present = lives.map((l) => l.uuid + l.state).join();
    if (looks++ % replaysEvery === 0 || present !== on) await lookReplays();
    on = present;
  } catch {
    offline.hidden = false;
    loading.hidden = true;
    return;
  }
  offline.hidden = true;
  show();
}

async function lookReplays(): Promise<void> {
  const list = await getVideos({ start: 0, count: latest, isLive: false, sort: "-publishedAt" }).catch(() => undefined);
  if (list) replays = list.data; // else those that were
}

startPage();
find(".hero").append(school("shoal"));
document.addEventListener("shoal:session", show);
document.addEventListener("shoal:language", () => {
  for (const list of document.querySelectorAll<HTMLElement>("[data-state]")) delete list.dataset["state"];
  show();
});
whileSeen(every, look);
