// The row of a video in a list of one's own.
import type { Video } from "./api/videos.ts";
import { cardOf } from "./api/videos.ts";
import { badge, picture } from "./card.ts";
import { privacyWords } from "./choices.ts";
import { el } from "./dom.ts";
import { count, say, time } from "./i18n.ts";

/** @param href where the row leads */
export function row(video: Video, href: string, ...more: (Node | undefined)[]): HTMLElement {
  const shown = cardOf(video);
  const who = el("span");
  say(who, privacyWords[video.privacy.id]);
  const when = el("span");
  if (shown.state === "waiting") say(when, "card.never");
  else when.textContent = time(new Date(video.publishedAt ?? video.createdAt));
  const views = el("span");
  count(views, "views", video.views);
  return el(
    "li",
    { class: "row", "data-uuid": video.uuid },
    el("span", { class: "row-picture", "aria-hidden": "true" }, picture(shown)),
    el("div", { class: "row-text" }, el("a", { class: "row-name", href }, video.name), el("p", { class: "facts" }, badge(shown), who, when, !video.isLive && views)),
    el("div", { class: "actions" }, ...more.filter((n) => n !== undefined)),
  );
}
