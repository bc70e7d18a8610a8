// What every page does: its language and the switch for it, who is logged in and the way out.
import { failed } from "../api/call.ts";
import { getMe, knownSession, logInUrl, logOut, role, type Me } from "../api/session.ts";
import { el, find } from "../dom.ts";
import { goLogIn, showFailure } from "../failure.ts";
import { chooseLanguage, language, languages, say, startLanguage, t, type Key } from "../i18n.ts";
import { icon } from "../icons.ts";
import "../words/site.ts";

/** Starts a page for everybody. */
export function startPage(): void {
  startLanguage();
  const choice = document.querySelector<HTMLSelectElement>("#language");
  if (!choice) return; // an embedded player has none
  // A narrow screen has room for "FR" only.
  const short = matchMedia("(max-width: 26rem)").matches;
  choice.replaceChildren(...Object.entries(languages).map(([code, name]) => el("option", { value: code, lang: code }, short ? code.toUpperCase() : name)));
  choice.value = language();
  choice.addEventListener("change", () => chooseLanguage(choice.value));
  find("#language-choice").hidden = false;
  startSession();
  markTabs();
}

/** Marks where one is, and brings it into sight: a narrow screen does not show all tabs. */
function markTabs(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>(".tabs a")) {
    const here = link.pathname === location.pathname;
    const below = location.pathname.startsWith(`${link.dataset["area"] ?? link.pathname}/`);
    if (!here && !below) continue;
    link.setAttribute("aria-current", here ? "page" : "true");
    link.closest(".tabs")?.scrollTo({ left: link.offsetLeft - 40 });
  }
}

/** Starts a page for those who are logged in; who is not goes to log in, and comes back. */
export async function startMyPage(allowed: (me: Me) => boolean = () => true): Promise<Me> {
  startPage();
  const place = find("#failure");
  for (;;) {
    try {
      const me = await getMe();
      if (!me) {
        goLogIn();
        return new Promise(() => undefined); // the browser is leaving
      }
      if (!allowed(me)) {
        say(find("#forbidden"), "site.forbidden", { name: me.username });
        find("#forbidden").hidden = false;
        return new Promise(() => undefined);
      }
      for (const link of document.querySelectorAll<HTMLElement>(".tabs .admin-only")) link.hidden = me.role !== role.admin;
      markTabs();
      find("#content").hidden = false;
      return me;
    } catch (e) {
      await new Promise<void>((again) => showFailure(place, e, again));
      showFailure(place, undefined);
    }
  }
}

export const isAdmin = (me: Me): boolean => me.role === role.admin;

/** The part of the header that says who is logged in. It asks the node only if somebody is. */
function startSession(): void {
  const place = find("#session");
  const show = () => {
    const known = knownSession();
    place.replaceChildren(known ? menu(known.name, known.role === role.admin) : logInLink());
  };
  document.addEventListener("shoal:session", show);
  show();
  const mine = document.querySelector("#content") !== null; // such a page asks by itself
  if (knownSession() && !mine) void getMe().catch(() => undefined); // what is remembered stays until the node answers
}

function logInLink(): HTMLElement {
  const link = el("a", { class: "button slim", id: "log-in", href: location.pathname === "/" || location.pathname === "/login" ? "/login" : logInUrl() });
  say(link, "session.login");
  return link;
}

function menu(name: string, admin: boolean): HTMLElement {
  const entry = (href: string, words: Key) => {
    const link = el("a", { href });
    say(link, words);
    return el("li", {}, link);
  };
  const out = el("button", { type: "button", id: "log-out" });
  say(out, "session.logout");
  const said = el("p", { role: "status", class: "outcome bad" });
  out.addEventListener("click", async () => {
    try {
      await logOut();
    } catch (e) {
      if (!failed(e, 401)) {
        say(said, "failure.offline");
        return;
      }
    }
    location.assign("/");
  });
  const hint = el("span", { class: "unseen" });
  say(hint, "session.menu");
  const summary = el("summary", { class: "button slim", id: "user-menu" }, icon("person"), el("span", { class: "user-name" }, name), hint);
  const list = el(
    "ul",
    {},
    entry("/studio", "nav.studio"),
    entry("/my/videos", "nav.videos"),
    entry("/my/account", "nav.account"),
    admin && entry("/admin/users", "nav.admin"),
    el("li", {}, out, said),
  );
  const root = el("details", { class: "menu" }, summary, list);
  document.addEventListener("click", (e) => {
    if (e.target instanceof Node && !root.contains(e.target)) root.open = false;
  });
  root.addEventListener("keydown", (e) => {
    if (e.key !== "Escape" || !root.open) return;
    root.open = false;
    summary.focus();
  });
  return root;
}

/** Names the page in the browser's tab by what it shows. */
export function nameTab(name: string): void {
  document.title = `${name} · ${t("site.name")}`;
}

/** The part of the address at a place: 2 is "x" in /w/x. */
export function part(n: number): string {
  const raw = location.pathname.split("/")[n] ?? "";
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}

/** Calls again and again, while somebody sees the page. The pause is in ms, and varied: not all pages ask at once. */
export function whileSeen(every: number, look: () => Promise<void>): void {
  const turn = async () => {
    await look();
    setTimeout(next, every * (0.85 + 0.3 * Math.random()));
  };
  const next = () => {
    if (document.visibilityState === "visible") void turn();
    else document.addEventListener("visibilitychange", next, { once: true });
  };
  next();
}
