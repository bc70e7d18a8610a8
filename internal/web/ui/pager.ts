// A list in pages: what is shown follows the address (?page=2), so that going back works.
import { el } from "./dom.ts";
import { number, say } from "./i18n.ts";
import "./words/site.ts";

/** The page that the address names, from 1. */
export function pageOf(search: string): number {
  const n = Number(new URLSearchParams(search).get("page") ?? "1");
  return Number.isSafeInteger(n) && n >= 1 && n <= 100_000 ? n : 1;
}

/** Links to the pages before and after; empty where all fits on one. */
export function showPager(place: HTMLElement, page: number, size: number, total: number): void {
  const last = Math.max(1, Math.ceil(total / size));
  place.hidden = last === 1 && page === 1;
  const link = (to: number, words: "pager.before" | "pager.after", rel: string) => {
    const search = new URLSearchParams(location.search);
    if (to === 1) search.delete("page");
    else search.set("page", String(to));
    const text = search.toString();
    const node = el("a", { class: "button", rel, href: location.pathname + (text && `?${text}`) });
    say(node, words);
    return node;
  };
  const here = el("span");
  say(here, "pager.here", { page: number(page), last: number(last) });
  place.replaceChildren(...(page > 1 ? [link(Math.min(page - 1, last), "pager.before", "prev")] : []), here, ...(page < last ? [link(page + 1, "pager.after", "next")] : []));
}
