// Gate stands where the player is while a viewer is not let in: it asks for the password, or leads to the log-in.
import { failed } from "./api/call.ts";
import { knownSession, logInUrl } from "./api/session.ts";
import { el } from "./dom.ts";
import { addReveal, onSubmit } from "./form.ts";
import { label, say, type Key } from "./i18n.ts";
import type { Player } from "./player/player.ts";
import "./words/player.ts";

type Shown = "locked" | "login" | "forbidden";

export class Gate {
  readonly root = el("section", { class: "gate", id: "gate", hidden: true });
  private shown: Shown | undefined;

  constructor(private readonly player: Player) {
    label(this.root, "player.gate");
    player.onChange(() => this.show());
    this.show();
  }

  private show(): void {
    const { phase } = this.player;
    const now: Shown | undefined = phase === "locked" || phase === "login" || phase === "forbidden" ? phase : undefined;
    if (now === this.shown) return;
    this.shown = now;
    this.root.hidden = now === undefined;
    if (now) this.root.replaceChildren(...(now === "locked" ? this.password() : this.words(now)));
    else this.root.replaceChildren();
  }

  private words(now: "login" | "forbidden"): Node[] {
    const stranger = now === "login" || !knownSession();
    const link = el("a", { class: "button strong", id: "gate-login", href: stranger ? logInUrl() : "/" });
    say(link, stranger ? "session.login" : "notfound.home");
    // Who is logged in and still not let in is the wrong person.
    const title: Key = now === "login" ? "player.login" : "player.forbidden";
    const text: Key = stranger ? "player.login.more" : "player.forbidden.more";
    return [said("h1", title), said("p", text), link];
  }

  private password(): Node[] {
    const field = el("input", { type: "password", name: "password", id: "gate-password", required: true, autocomplete: "off" });
    const name = el("label", { for: field.id });
    say(name, "player.password");
    const button = el("button", { type: "submit", class: "button strong" });
    say(button, "player.password.send");
    const form = el("form", { id: "gate-form", class: "form" }, el("div", { class: "form-row" }, name, field), el("div", { class: "form-actions" }, button));
    addReveal(field);
    onSubmit(form, {
      send: async () => {
        await this.player.pass.unlock(field.value);
        this.player.knock();
      },
      explain: (f) => (failed(f, 401) || failed(f, 403) ? { key: "player.password.wrong" } : undefined),
    });
    return [said("h1", "player.locked"), said("p", "player.locked.more"), form];
  }
}

function said(tag: "h1" | "p", key: Key): HTMLElement {
  const node = el(tag);
  say(node, key);
  return node;
}
