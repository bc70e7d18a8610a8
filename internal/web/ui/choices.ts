// The choices that several forms have: who may see a video, in which channel it is, how a live is set up.
import { privacy, type Privacy } from "./api/lives.ts";
import type { MyChannel } from "./api/session.ts";
import type { LiveSetting } from "./api/videos.ts";
import { el, find } from "./dom.ts";
import { entries, field, Mistake } from "./form.ts";
import { say, type Key } from "./i18n.ts";
import "./words/form.ts";

const order: Privacy[] = [privacy.public, privacy.unlisted, privacy.internal, privacy.private, privacy.protected];

export const privacyWords: Record<Privacy, Key> = { 1: "privacy.public", 2: "privacy.unlisted", 3: "privacy.private", 4: "privacy.internal", 5: "privacy.protected" };
const privacyHints: Record<Privacy, Key> = {
  1: "privacy.public.hint",
  2: "privacy.unlisted.hint",
  3: "privacy.private.hint",
  4: "privacy.internal.hint",
  5: "privacy.protected.hint",
};

function option(value: string, words: Key): HTMLOptionElement {
  const node = el("option", { value });
  say(node, words);
  return node;
}

/** Fills a choice of privacies; one of a replay leaves passwords out, which it takes from its live. */
export function fillPrivacies(select: HTMLSelectElement, chosen: Privacy, all = true): void {
  const offered = all ? order : order.filter((p) => p !== privacy.protected || p === chosen);
  select.replaceChildren(...offered.map((p) => option(String(p), privacyWords[p])));
  select.value = String(chosen);
}

/**
 * The choice of who may see a video, with its hint, and the passwords that one of the choices needs.
 * @param kept it has passwords, which stay if none are typed
 */
export class PrivacyChoice {
  private readonly select: HTMLSelectElement;
  private readonly hint: HTMLElement;
  private readonly passwords: HTMLTextAreaElement;
  private readonly row: HTMLElement;

  constructor(
    form: HTMLFormElement,
    chosen: Privacy,
    private kept: boolean,
  ) {
    this.select = field<HTMLSelectElement>(form, "privacy");
    this.hint = find(`#${this.select.getAttribute("aria-describedby")}`);
    this.passwords = field<HTMLTextAreaElement>(form, "passwords");
    this.row = this.passwords.closest<HTMLElement>(".form-row")!;
    fillPrivacies(this.select, chosen);
    this.select.addEventListener("change", () => this.show());
    this.show();
  }

  get value(): Privacy {
    return Number(this.select.value) as Privacy;
  }

  /** The passwords to send; undefined where there are none to send. Throws a Mistake where one is needed. */
  typed(): string[] | undefined {
    if (this.value !== privacy.protected) return undefined;
    const typed = entries(this.passwords.value, /\n/);
    if (typed.some((p) => p.length < 2)) throw new Mistake(this.passwords, "form.password.short");
    if (typed.length > 0) return typed;
    if (this.kept) return undefined;
    throw new Mistake(this.passwords, "form.missing");
  }

  /** What was typed is in force. */
  saved(): void {
    this.kept = this.value === privacy.protected;
    this.passwords.value = "";
    this.show();
  }

  private show(): void {
    say(this.hint, privacyHints[this.value]);
    this.row.hidden = this.value !== privacy.protected;
    const passwordHint = this.row.querySelector(".hint");
    if (passwordHint) say(passwordHint, this.kept ? "video.passwords.keep" : "video.passwords.hint");
  }
}

/** Fills a choice of channels, and hides it where there is but one. */
export function fillChannels(select: HTMLSelectElement, channels: MyChannel[], chosen?: number): void {
  select.replaceChildren(...channels.map((c) => el("option", { value: String(c.id) }, c.displayName)));
  if (chosen !== undefined) select.value = String(chosen);
  select.closest<HTMLElement>(".form-row")!.hidden = channels.length < 2;
}

/** The part of a form that sets a live up. */
export class LiveSettings {
  constructor(
    private readonly form: HTMLFormElement,
    set?: LiveSetting,
  ) {
    const save = field(form, "save");
    const replay = field<HTMLSelectElement>(form, "replayPrivacy");
    fillPrivacies(replay, set?.replaySettings.privacy ?? privacy.public, false);
    if (set) {
      find<HTMLInputElement>(`[name=kind][value=${set.permanentLive ? "permanent" : "short"}]`, form).checked = true;
      find<HTMLInputElement>(`[name=takeover][value="${set.takeover}"]`, form).checked = true;
      save.checked = set.saveReplay;
    }
    const show = () => (replay.closest<HTMLElement>(".form-row")!.hidden = !save.checked);
    save.addEventListener("change", show);
    show();
  }

  /** The instance keeps no replays. */
  withoutReplays(): void {
    const save = field(this.form, "save");
    save.checked = false;
    save.dispatchEvent(new Event("change"));
  }

  get value(): LiveSetting {
    const data = new FormData(this.form);
    return {
      permanentLive: data.get("kind") === "permanent",
      saveReplay: data.has("save"),
      replaySettings: { privacy: Number(data.get("replayPrivacy")) as Privacy },
      takeover: Number(data.get("takeover")),
    };
  }
}
