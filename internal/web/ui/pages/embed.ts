// The player alone, for a frame in another page. Of PeerTube's parameters, autoplay and muted are
// taken; all others are let pass.
import { countIn } from "../audience.ts";
import { el, find } from "../dom.ts";
import { Gate } from "../gate.ts";
import { Player } from "../player/player.ts";
import { Stage } from "../player/stage.ts";
import "../words/watch.ts";
import { nameTab, part, startPage } from "./common.ts";

startPage();
const wants = (name: string) => ["1", "true"].includes(new URLSearchParams(location.search).get(name) ?? "");
const video = el("video", { playsinline: true, preload: "auto" });
video.muted = wants("muted");
const player = new Player(video, part(3), wants("autoplay"));
new Stage(find("#player"), player);
find("#player").before(new Gate(player).root);
countIn(player);
player.onChange(() => {
  find("#player").hidden = player.phase === "locked" || player.phase === "login" || player.phase === "forbidden";
  if (player.live) nameTab(player.live.name);
});
