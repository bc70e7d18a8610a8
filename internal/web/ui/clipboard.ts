// Copying by a button. navigator.clipboard exists only in a secure context, and a node on a LAN is mostly opened by plain
// http: there the old way is the only one.
import { el } from "./dom.ts";
import { icon, setIcon, type IconName } from "./icons.ts";
import { say, type Key } from "./i18n.ts";
import "./words/site.ts";

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const field = el("textarea", { class: "unseen", readonly: true, tabindex: "-1" });
  field.value = text;
  const before = document.activeElement;
  // Inside an open dialog only what is in the dialog can be focused.
  (before?.closest("dialog") ?? document.body).append(field);
  field.select();
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch {
    // Said by the button.
  }
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}

/**
 * A button that copies a text.
 * @param what names the text for those who cannot see what stands beside the button
 */
export function copyButton(text: () => string, words: Key, what?: Key, sign: IconName = "copy"): HTMLElement {
  const picture = icon(sign);
  const name = el("span");
  say(name, words);
  const button = el("button", { type: "button", class: "button" }, picture, name);
  if (what) nameButton(button, what);
  const said = el("span", { role: "status", class: "unseen" });
  let timer: ReturnType<typeof setTimeout> | undefined;
  button.addEventListener("click", async () => {
    const done = await copy(text());
    clearTimeout(timer);
    setIcon(picture, done ? "check" : sign);
    say(name, done ? "copy.done" : words);
    say(said, done ? "copy.done" : "copy.failed");
    said.classList.toggle("unseen", done);
    button.classList.toggle("done", done);
    timer = setTimeout(() => {
      setIcon(picture, sign);
      say(name, words);
      delete said.dataset["t"];
      said.textContent = "";
      button.classList.remove("done");
    }, 2500);
  });
  return el("span", { class: "copy" }, button, said);
}

/** "Copy: stream key". The words are put together here, so that another language can be chosen later. */
function nameButton(button: HTMLElement, what: Key): void {
  const hidden = el("span", { class: "unseen" });
  say(hidden, what);
  button.append(hidden);
}

/** A line of text with a button that copies it. */
export function copyField(name: Key, text: string): HTMLElement {
  const heading = el("span", { class: "field-name" });
  say(heading, name);
  return el("div", { class: "field" }, heading, el("code", { class: "field-text", tabindex: "0" }, text), copyButton(() => text, "copy.button", name));
}
