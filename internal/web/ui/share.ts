// Passing a page on: its link, and a code for a phone's camera.
import { watchUrl } from "./address.ts";
import { getNode } from "./api/lives.ts";
import { copyButton } from "./clipboard.ts";
import { el, find } from "./dom.ts";
import { hush, label, say } from "./i18n.ts";
import { icon } from "./icons.ts";
import "./words/site.ts";

/** The address of a video's page for another device; undefined if this page knows none. */
export async function addressFor(uuid: string): Promise<string | undefined> {
  const here = new URL(location.href);
  return watchUrl(here, uuid, undefined) ?? watchUrl(here, uuid, await getNode().catch(() => undefined));
}

/** Fills a place with the code of a video's page, its address and a button to copy it. */
export async function showCode(place: HTMLElement, hint: HTMLElement, uuid: string): Promise<void> {
  const [{ qrCode }, url] = await Promise.all([import("./qr.ts"), addressFor(uuid)]);
  if (!url) {
    place.replaceChildren();
    say(hint, "qr.local");
    return;
  }
  say(hint, "qr.hint");
  place.replaceChildren(qrCode(url), el("code", { class: "field-text", tabindex: "0" }, url), copyButton(() => url, "copy.link"));
}

/** Makes the dialog that shows the code, and the button that opens it. */
export function shareButton(uuid: () => string): HTMLElement {
  const words = el("span");
  say(words, "qr.button");
  const button = el("button", { type: "button", class: "button", id: "share-button", "aria-haspopup": "dialog" }, icon("qr"), words);
  const dialog = find<HTMLDialogElement>("#share");
  const hint = find("#share-hint", dialog);
  button.addEventListener("click", () => {
    dialog.showModal();
    hush(hint);
    void showCode(find("#share-code", dialog), hint, uuid()).catch(() => say(hint, "failure.offline"));
  });
  const shut = find<HTMLButtonElement>("#share-close", dialog);
  shut.append(icon("close"));
  label(shut, "qr.close");
  shut.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (e) => {
    if (e.target === dialog) dialog.close(); // beside it
  });
  return button;
}
