// The page of one live: player, facts, and ways to pass it on.
import { watchUrl } from "../address.ts";
import { getNode } from "../api.ts";
import { copyButton } from "../clipboard.ts";
import { el, find } from "../dom.ts";
import { icon } from "../icons.ts";
import { label, number, say, t, time } from "../i18n.ts";
import { Player } from "../player/player.ts";
import { Stage } from "../player/stage.ts";
import { startPage } from "./common.ts";

startPage();
const id = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const video = el("video", { playsinline: true, preload: "auto" });
const player = new Player(video, id, true);
new Stage(find("#player"), player);

const badge = find("#badge");
const facts = find("#facts");

function show(): void {
  const { live } = player;
  if (!live) return;
  find("#name").textContent = live.name;
  document.title = `${live.name} · ${t("site.name")}`;
  badge.className = `badge ${live.state}`;
  badge.hidden = false;
  say(badge, `state.${live.state}`);
  const since = find("#since");
  if (live.startedAt) say(since, live.state === "ended" ? "home.ended" : "home.since", { time: time(new Date(live.startedAt)) });
  else say(since, "home.never");
  const picture = live.state === "live" && live.height > 0 ? `${live.width} × ${live.height}` : "";
  find("#picture").textContent = picture;
  facts.hidden = false;
  if ("mediaSession" in navigator) navigator.mediaSession.metadata = new MediaMetadata({ title: live.name, artist: t("site.name") });
}

function showDelay(): void {
  const p = player.phase === "playing" && !video.paused ? player.position() : undefined;
  const delay = find("#delay");
  delay.hidden = !p;
  if (p) say(delay, "watch.delay", { seconds: number(p.delay, 1) });
}

player.onChange(() => {
  show();
  showDelay();
});
document.addEventListener("shoal:language", show);
setInterval(showDelay, 2000);

// ---- passing it on

const actions = find("#actions");
const dialog = find<HTMLDialogElement>("#share");
const here = () => new URL(`/w/${player.live?.uuid ?? id}`, location.href).href;
const qrButton = el("button", { type: "button", class: "button", "aria-haspopup": "dialog" }, icon("qr"), el("span", { "data-t": "qr.button" }, t("qr.button")));
actions.append(copyButton(here, "copy.link"), qrButton);

qrButton.addEventListener("click", async () => {
  dialog.showModal();
  const { qrCode } = await import("../qr.ts");
  let url = watchUrl(new URL(location.href), player.live?.uuid ?? id, undefined);
  url ??= watchUrl(new URL(location.href), player.live?.uuid ?? id, await getNode().catch(() => undefined));
  const code = find("#share-code", dialog);
  const hint = find("#share-hint", dialog);
  if (!url) {
    code.replaceChildren();
    say(hint, "qr.local");
    return;
  }
  const address = url;
  say(hint, "qr.hint");
  code.replaceChildren(qrCode(url), el("code", { class: "field-text" }, url), copyButton(() => address, "copy.link"));
});
const shut = find<HTMLButtonElement>("#share-close", dialog);
shut.append(icon("close"));
label(shut, "qr.close");
shut.addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (e) => {
  if (e.target === dialog) dialog.close(); // beside it
});
