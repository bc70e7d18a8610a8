// Encoder is the part of the desk with what goes into the encoder: server and key, to be copied; a new key; hints.
import type { Studio } from "../api/studio.ts";
import { rotateKey } from "../api/studio.ts";
import { copyButton, copyField } from "../clipboard.ts";
import { confirmed } from "../confirm.ts";
import { el, find, refill } from "../dom.ts";
import { explain } from "../failure.ts";
import { hush, label, say } from "../i18n.ts";
import { icon, setIcon } from "../icons.ts";

export class Encoder {
  private key = "";
  private shown = false;

  constructor(private readonly ref: string) {
    const said = find("#rotated");
    find("#rotate").addEventListener("click", async () => {
      hush(said);
      said.className = "outcome";
      if (!(await confirmed({ title: "live.rotate.title", text: "live.rotate.text", yes: "live.rotate" }))) return;
      try {
        this.key = (await rotateKey(this.ref)).streamKey;
        this.draw(this.servers);
        say(said, "live.rotated");
        said.classList.add("good");
      } catch (e) {
        const { key, args } = explain(e);
        say(said, key, args);
        said.classList.add("bad");
      }
    });
  }

  private servers: string[] = [];

  show(s: Studio): void {
    this.servers = [...new Set(s.rtmpUrls?.length ? s.rtmpUrls : [s.rtmpUrl])].filter(Boolean);
    this.key = s.streamKey;
    // A moderator sees how a live goes, not the key to it.
    find("#encoder").hidden = this.key === "";
    find("#rotate").hidden = s.declared;
    find("#declared").hidden = !s.declared;
    this.draw(this.servers);
  }

  private draw(servers: string[]): void {
    refill(find("#encoder-fields"), [servers, this.key], () => [
      ...servers.slice(0, 3).map((server, i) => copyField(i === 0 ? "live.server" : "live.server.also", server)),
      this.keyField(),
    ]);
    const command = `ffmpeg -re -i film.mp4 -c:v libx264 -preset veryfast -tune zerolatency -g 60 -c:a aac -f flv ${servers[0] ?? ""}/`;
    refill(find("#ffmpeg"), [command], () => {
      const code = el("code", { class: "field-text", tabindex: "0" }, command, this.placeholder());
      return [el("div", { class: "field" }, code, copyButton(() => command + this.key, "copy.button", "live.ffmpeg"))];
    });
  }

  private placeholder(): HTMLElement {
    const node = el("var");
    say(node, "live.key");
    return node;
  }

  /** The key is not on the screen until it is asked for: screens are shared. Copying it needs no look at it. */
  private keyField(): HTMLElement {
    const name = el("span", { class: "field-name" });
    say(name, "live.key");
    const text = el("code", { class: "field-text", id: "stream-key", tabindex: "0" });
    const sign = icon("eye");
    const words = el("span");
    const show = el("button", { type: "button", class: "button", id: "show-key", "aria-controls": text.id }, sign, words);
    const draw = () => {
      text.textContent = this.shown ? this.key : "•".repeat(12);
      if (this.shown) text.removeAttribute("aria-label");
      else label(text, "live.key.hidden");
      if (this.shown) delete text.dataset["tLabel"];
      setIcon(sign, this.shown ? "eyeOff" : "eye");
      say(words, this.shown ? "live.key.hide" : "live.key.show");
      show.setAttribute("aria-expanded", String(this.shown));
    };
    show.addEventListener("click", () => {
      this.shown = !this.shown;
      draw();
    });
    draw();
    return el("div", { class: "field key-field" }, name, text, el("span", { class: "field-buttons" }, show, copyButton(() => this.key, "copy.button", "live.key")));
  }
}
