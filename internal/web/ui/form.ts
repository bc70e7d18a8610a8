// Forms: one way to send them, to say that it worked, and to say what did not.
import { el, find } from "./dom.ts";
import { explain, goLogIn } from "./failure.ts";
import { Failure } from "./api/call.ts";
import { hush, label, say, type Args, type Key } from "./i18n.ts";
import { icon, setIcon } from "./icons.ts";
import "./words/form.ts";

/** A mistake that the page finds before the node is asked. */
export class Mistake extends Error {
  constructor(
    readonly field: HTMLElement,
    readonly key: Key,
    readonly args?: Args,
  ) {
    super(key);
  }
}

export interface Sending {
  /** Does what the form is for. Throws a Mistake or a Failure. */
  send: () => Promise<void>;
  /** What is said when it is done; nothing where the page goes elsewhere. */
  done?: Key;
  /** Words for failures that mean something here. */
  explain?: (failure: Failure) => { key: Key; args?: Args } | undefined;
}

/** Sends a form by what it is for. The form has a button of type submit; the line of its outcome is put behind that. */
export function onSubmit(form: HTMLFormElement, { send, done, explain: special }: Sending): void {
  const button = find<HTMLButtonElement>("button[type=submit]", form);
  const outcome = el("p", { class: "outcome", role: "status" });
  (button.closest(".form-actions") ?? button).append(outcome);
  form.noValidate = true;
  let busy = false;
  form.addEventListener("input", () => {
    if (!busy) clear();
  });
  const clear = () => {
    hush(outcome);
    outcome.className = "outcome";
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  };
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    if (busy) return;
    clear();
    busy = true;
    button.setAttribute("aria-disabled", "true");
    try {
      checkFields(form);
      await send();
      if (done) {
        say(outcome, done);
        outcome.classList.add("good");
      }
    } catch (error) {
      if (error instanceof Failure && error.status === 401 && !special?.(error)) {
        goLogIn();
        return;
      }
      const told = error instanceof Mistake ? error : ((error instanceof Failure && special?.(error)) || explain(error));
      say(outcome, told.key, told.args);
      outcome.classList.add("bad");
      if (error instanceof Mistake) {
        error.field.setAttribute("aria-invalid", "true");
        error.field.focus();
      }
    } finally {
      busy = false;
      button.removeAttribute("aria-disabled");
    }
  });
}

/** The browser's own checks, in the page's own words and language. */
function checkFields(form: HTMLFormElement): void {
  for (const field of form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>("input, textarea, select")) {
    if (field.disabled || !field.willValidate || field.closest("[hidden]")) continue;
    const { validity, value } = field;
    const { min = "", max = "", minLength = 0 } = field as HTMLInputElement;
    // validity.tooShort is about what was typed only, not about what a password manager put in.
    if (value !== "" && value.length < minLength) throw new Mistake(field, "form.short", { n: String(minLength) });
    if (validity.valid) continue;
    if (validity.valueMissing) throw new Mistake(field, "form.missing");
    if (validity.rangeUnderflow) throw new Mistake(field, "form.least", { n: min });
    if (validity.rangeOverflow) throw new Mistake(field, "form.most", { n: max });
    if (validity.patternMismatch) throw new Mistake(field, "form.name");
    throw new Mistake(field, "form.wrong");
  }
}

/** A button in a password's field that shows what is typed. */
export function addReveal(field: HTMLInputElement): void {
  const sign = icon("eye");
  const button = el("button", { type: "button", class: "control reveal", "aria-pressed": "false" }, sign);
  label(button, "form.reveal");
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    setIcon(sign, shown ? "eyeOff" : "eye");
    button.setAttribute("aria-pressed", String(shown));
  });
  const box = el("div", { class: "with-control" });
  field.replaceWith(box);
  box.append(field, button);
}

/** Finds a field by its name. */
export function field<T extends HTMLElement = HTMLInputElement>(form: HTMLFormElement, name: string): T {
  return find<T>(`[name="${name}"]`, form);
}

/** A list that was typed, one entry per line or between commas. */
export function entries(text: string, separator: RegExp = /[\n,]/): string[] {
  return [...new Set(text.split(separator).map((s) => s.trim()).filter(Boolean))];
}
