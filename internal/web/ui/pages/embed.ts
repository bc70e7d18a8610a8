// The player alone, for a frame in another page. Of PeerTube's parameters, autoplay and muted are taken; a live has no
// start, so start and all others are let pass.
import { el, find } from "../dom.ts";
import { t } from "../i18n.ts";
import { Player } from "../player/player.ts";
import { Stage } from "../player/stage.ts";
import { startPage } from "./common.ts";

startPage();
const id = decodeURIComponent(location.pathname.split("/")[3] ?? "");
const wants = (name: string) => ["1", "true"].includes(new URLSearchParams(location.search).get(name) ?? "");
const video = el("video", { playsinline: true, preload: "auto" });
video.muted = wants("muted");
const player = new Player(video, id, wants("autoplay"));
new Stage(find("#player"), player);
player.onChange(() => {
  if (player.live) document.title = `${player.live.name} · ${t("site.name")}`;
});
