// My videos: lives and replays, to be found, watched and edited.
import { getMyVideos } from "../api/videos.ts";
import { el, find, refill } from "../dom.ts";
import { showFailure } from "../failure.ts";
import { bytes, say } from "../i18n.ts";
import { pageOf, showPager } from "../pager.ts";
import { row } from "../row.ts";
import "../words/my.ts";
import { startMyPage } from "./common.ts";

const size = 20;

const me = await startMyPage();
const search = new URLSearchParams(location.search).get("search")?.trim() ?? "";
const page = pageOf(location.search);

async function look(): Promise<void> {
  try {
    const { total, data } = await getMyVideos({ start: (page - 1) * size, count: size, ...(search ? { search } : {}) });
    const none = find("#videos-none");
    none.hidden = total > 0;
    say(none, search ? "videos.none.found" : "videos.none");
    refill(find("#videos"), [data, document.documentElement.lang], () =>
      data.map((v) => {
        const watch = el("a", { class: "button", href: `/w/${v.uuid}` });
        say(watch, "card.watch");
        const studio = v.isLive ? el("a", { class: "button", href: `/studio/${v.uuid}` }) : undefined;
        if (studio) say(studio, "nav.studio");
        return row(v, `/my/videos/${v.uuid}`, studio, watch);
      }),
    );
    showPager(find("#pager"), page, size, total);
    showFailure(find("#failure"), undefined);
  } catch (e) {
    showFailure(find("#failure"), e, () => void look());
  }
}

function showQuota(): void {
  if (me.quota < 0) say(find("#quota"), "videos.used", { used: bytes(me.used) });
  else say(find("#quota"), "videos.used.of", { used: bytes(me.used), quota: bytes(me.quota) });
}

const form = find<HTMLFormElement>("#search-form");
find<HTMLInputElement>("#search").value = search;
form.addEventListener("submit", (e) => {
  e.preventDefault();
  const wanted = find<HTMLInputElement>("#search").value.trim();
  location.assign(location.pathname + (wanted ? `?search=${encodeURIComponent(wanted)}` : ""));
});
document.addEventListener("shoal:language", () => {
  showQuota();
  void look();
});
showQuota();
void look();
