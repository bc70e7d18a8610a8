// The page of a channel (/c/NAME) or of an account (/a/NAME): its lives and its videos.
import { getLives, type Live } from "../api/lives.ts";
import { cardOf, getChannelsOf, getOwner, getVideosOf, type List, type Owner, type Video } from "../api/videos.ts";
import { card, type Shown } from "../card.ts";
import { el, find, refill } from "../dom.ts";
import { showFailure } from "../failure.ts";
import { say } from "../i18n.ts";
import { pageOf, showPager } from "../pager.ts";
import { render } from "../text.ts";
import "../words/channel.ts";
import { nameTab, part, startPage, whileSeen } from "./common.ts";

const size = 24;
const every = 15_000; // ms

startPage();
const kind = part(1) === "a" ? "a" : "c";
const name = part(2);
const page = pageOf(location.search);

let owner: Owner | undefined;
let shown: Shown[] = [];

async function look(): Promise<void> {
  try {
    const [who, list, lives] = await Promise.all([owner ?? getOwner(kind, name), getVideosOf(kind, name, { start: (page - 1) * size, count: size }), getLives()]);
    if (!owner) await showOwner(who);
    owner = who;
    show(list, lives);
    showFailure(find("#failure"), undefined);
  } catch (e) {
    if (!owner) showFailure(find("#failure"), e, () => void look());
  }
}

async function showOwner(who: Owner): Promise<void> {
  find("#owner-name").textContent = who.displayName;
  nameTab(who.displayName);
  find("#owner-text").replaceChildren(...render(who.description ?? ""));
  const above = find("#owner-of");
  if (kind === "c" && who.ownerAccount) above.append(el("a", { href: `/a/${encodeURIComponent(who.ownerAccount.name)}` }, who.ownerAccount.displayName));
  find("#owner").hidden = false;
  if (kind !== "a") return;
  say(above, "channel.account");
  const channels = await getChannelsOf(name).catch((): List<Owner> => ({ total: 0, data: [] }));
  find("#owner-channels").replaceChildren(...channels.data.map((c) => el("li", {}, el("a", { class: "button slim", href: `/c/${encodeURIComponent(c.name)}` }, c.displayName))));
  find("#owner-channels").hidden = channels.data.length === 0;
}

/** What is live now is told more exactly by the lives themselves. */
function show(list: List<Video>, lives: Live[]): void {
  shown = list.data.map((v) => ({ ...cardOf(v), ...(v.isLive ? lives.find((l) => l.uuid === v.uuid) : undefined) }));
  draw();
  find("#videos-none").hidden = shown.length > 0;
  showPager(find("#pager"), page, size, list.total);
}

function draw(): void {
  refill(find("#videos"), shown, () => shown.map(card));
}

document.addEventListener("shoal:language", () => {
  delete find("#videos").dataset["state"];
  draw();
});
whileSeen(every, look);
