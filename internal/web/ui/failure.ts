// Failures in plain words, with what to do next.
import { Failure } from "./api/call.ts";
import { logInUrl } from "./api/session.ts";
import { el } from "./dom.ts";
import { number, say, type Args, type Key } from "./i18n.ts";
import "./words/site.ts";

export interface Explanation {
  key: Key;
  args?: Args;
  /** Trying again may help. */
  retry: boolean;
}

/** What a person is told of an error. */
export function explain(error: unknown): Explanation {
  if (!(error instanceof Failure)) {
    console.error(error);
    return { key: "failure.page", retry: true };
  }
  const { status, detail, retryAfter } = error;
  switch (true) {
    case status === 0:
      return { key: "failure.offline", retry: true };
    case status === 401:
      return { key: "failure.login", retry: false };
    case status === 403:
      return { key: "failure.forbidden", retry: false };
    case status === 404:
      return { key: "failure.gone", retry: false };
    case status === 413:
      return { key: "failure.large", retry: false };
    case status === 429:
      if (retryAfter > 90) return { key: "failure.busy.minutes", args: { n: number(Math.ceil(retryAfter / 60)) }, retry: true };
      return { key: "failure.busy.seconds", args: { n: number(Math.max(1, retryAfter)) }, retry: true };
    case status === 507:
      return { key: "failure.full", retry: true };
    case status >= 500:
      return { key: "failure.node", retry: true };
    default:
      return detail ? { key: "failure.refused", args: { detail }, retry: false } : { key: "failure.refused.plain", retry: false };
  }
}

/** Goes to the log-in page, to come back here. */
export function goLogIn(): void {
  location.replace(logInUrl());
}

/** Shows a failure in a place of the page that is there for it, with a button to try again; undefined takes it away. */
export function showFailure(place: HTMLElement, error: unknown, again?: () => void): void {
  if (error === undefined) {
    place.hidden = true;
    place.replaceChildren();
    return;
  }
  if (error instanceof Failure && error.status === 401) {
    goLogIn();
    return;
  }
  const { key, args, retry } = explain(error);
  const words = el("p");
  say(words, key, args);
  const children: Node[] = [words];
  if (retry && again) {
    const button = el("button", { type: "button", class: "button" });
    say(button, "failure.again");
    button.addEventListener("click", again);
    children.push(button);
  }
  place.replaceChildren(...children);
  place.hidden = false;
}
