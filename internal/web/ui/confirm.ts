// Asking before something is done that cannot be undone.
import { el } from "./dom.ts";
import { say, type Args, type Key } from "./i18n.ts";
import "./words/form.ts";

export interface Question {
  title: Key;
  text: Key;
  args?: Args;
  yes: Key;
}

/** Resolves to true if the person agrees. Escape and a click beside the dialog are a no. */
export function confirmed({ title, text, args, yes }: Question): Promise<boolean> {
  const heading = el("h2", { id: "confirm-heading" });
  say(heading, title, args);
  const words = el("p", { id: "confirm-text" });
  say(words, text, args);
  const no = el("button", { type: "button", class: "button", id: "confirm-no" });
  say(no, "form.cancel");
  const agree = el("button", { type: "button", class: "button danger", id: "confirm-yes" });
  say(agree, yes);
  const dialog = el(
    "dialog",
    { class: "confirm", role: "alertdialog", "aria-labelledby": heading.id, "aria-describedby": words.id },
    heading,
    words,
    el("div", { class: "form-actions" }, no, agree),
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    dialog.addEventListener("click", (e) => {
      if (e.target === dialog) dialog.close();
    });
    no.addEventListener("click", () => dialog.close());
    agree.addEventListener("click", () => dialog.close("yes"));
    dialog.showModal();
    no.focus();
  });
}
