// The words of the pages come from locales/*.json. What is on the page carries the key of its words (data-t, and data-t-label
// for a label that is heard or hovered), so that another language can be put on at any time.
import en from "./locales/en.json";
import fr from "./locales/fr.json";

export type Key = keyof typeof en;
export type Args = Record<string, string>;

const locales = { en, fr } satisfies Record<string, Record<Key, string>>;
export type Language = keyof typeof locales;
export const languages: Record<Language, string> = { en: "English", fr: "Français" };

const storageKey = "shoal.language";
let current: Language = "en";

function isLanguage(s: string | null): s is Language {
  return s !== null && Object.hasOwn(locales, s);
}

/** Takes the language that was chosen here before, else the one that the node chose for this browser. */
export function startLanguage(): void {
  const served = document.documentElement.lang;
  current = isLanguage(served) ? served : "en";
  const chosen = remembered(storageKey);
  if (isLanguage(chosen) && chosen !== current) {
    current = chosen;
    translate();
  }
}

export function language(): Language {
  return current;
}

export function chooseLanguage(chosen: string): void {
  if (!isLanguage(chosen)) return;
  current = chosen;
  remember(storageKey, chosen);
  translate();
  document.dispatchEvent(new Event("shoal:language"));
}

export function t(key: Key, args: Args = {}): string {
  return locales[current][key].replace(/\{(\w+)\}/g, (_, name: string) => args[name] ?? "");
}

/** Writes words into an element, in place of what it holds. */
export function say(node: Element, key: Key, args?: Args): void {
  write(node, "t", key, args);
}

/** Labels an element for those who hear it, and for the pointer that rests on it. */
export function label(node: Element, key: Key, args?: Args): void {
  write(node, "tLabel", key, args);
}

function write(node: Element, what: "t" | "tLabel", key: Key, args: Args | undefined): void {
  const { dataset } = node as HTMLElement;
  const json = args ? JSON.stringify(args) : undefined;
  if (dataset[what] === key && dataset[`${what}Args`] === json) return; // a live region would say it again
  dataset[what] = key;
  if (json) dataset[`${what}Args`] = json;
  else delete dataset[`${what}Args`];
  put(node as HTMLElement, what);
}

function put(node: HTMLElement, what: "t" | "tLabel"): void {
  const key = node.dataset[what] as Key;
  const args = node.dataset[`${what}Args`];
  const words = t(key, args ? (JSON.parse(args) as Args) : undefined);
  if (what === "t") {
    node.textContent = words;
    return;
  }
  node.setAttribute("aria-label", words);
  if (node instanceof HTMLButtonElement) node.title = words;
}

function translate(): void {
  document.documentElement.lang = current;
  for (const node of document.querySelectorAll<HTMLElement>("[data-t]")) put(node, "t");
  for (const node of document.querySelectorAll<HTMLElement>("[data-t-label]")) put(node, "tLabel");
}

/** A number as people of the language write it. */
export function number(n: number, digits = 0): string {
  return new Intl.NumberFormat(current, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(n);
}

/** The time of day, with the date if that is long ago: a live may well begin before midnight. */
export function time(date: Date): string {
  const recent = Date.now() - date.getTime() < 12 * 3600_000;
  return new Intl.DateTimeFormat(current, recent ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" }).format(date);
}

/** Storage may be forbidden, as in a frame of another site: then nothing is remembered. */
export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // The choice holds until the page is closed.
  }
}

export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
