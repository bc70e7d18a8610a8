// The words of the pages come from locales/*/*.json, one file per area; words/*.ts brings an area in, so that a page carries
// the words that it needs. What is on the page carries the key of its words (data-t, and data-t-label for a label that is
// heard or hovered), so that another language can be put on at any time.
import type about from "./locales/en/about.json";
import type admin from "./locales/en/admin.json";
import type channel from "./locales/en/channel.json";
import type form from "./locales/en/form.json";
import type home from "./locales/en/home.json";
import type login from "./locales/en/login.json";
import type my from "./locales/en/my.json";
import type player from "./locales/en/player.json";
import type site from "./locales/en/site.json";
import type studio from "./locales/en/studio.json";
import type watch from "./locales/en/watch.json";

export type Key =
  | keyof typeof about
  | keyof typeof admin
  | keyof typeof channel
  | keyof typeof form
  | keyof typeof home
  | keyof typeof login
  | keyof typeof my
  | keyof typeof player
  | keyof typeof site
  | keyof typeof studio
  | keyof typeof watch;
export type Args = Record<string, string>;

/** The start of keys that come in two: one for one thing, one for none or many. */
export type Counted = { [K in Key]: K extends `${infer Start}.one` ? Start : never }[Key];

export type Language = "en" | "fr";
export const languages: Record<Language, string> = { en: "English", fr: "Français" };

const locales: Record<Language, Partial<Record<Key, string>>> = { en: {}, fr: {} };

const storageKey = "shoal.language";
let current: Language = "en";

/** Brings an area's words in. */
export function addWords<A extends Partial<Record<Key, string>>>(en: A, fr: Record<keyof A, string>): void {
  Object.assign(locales.en, en);
  Object.assign(locales.fr, fr);
}

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
  return (locales[current][key] ?? key).replace(/\{(\w+)\}/g, (_, name: string) => args[name] ?? "");
}

/** Says whether there are words for a key that was put together. */
export function known(key: string): key is Key {
  return Object.hasOwn(locales.en, key);
}

/** Writes words into an element, in place of what it holds. */
export function say(node: Element, key: Key, args?: Args): void {
  write(node, "t", key, args);
}

/** Writes how many there are of something: "1 viewer", "3 viewers". */
export function count(node: Element, start: Counted, n: number): void {
  say(node, plural(start, n), { n: number(n) });
}

/** The key for so many of something. */
export function plural(start: Counted, n: number): Key {
  const one = new Intl.PluralRules(current).select(n) === "one";
  return `${start}.${one ? "one" : "other"}`;
}

/** Labels an element for those who hear it, and for the pointer that rests on it. */
export function label(node: Element, key: Key, args?: Args): void {
  write(node, "tLabel", key, args);
}

/** Takes the words out of an element. */
export function hush(node: Element): void {
  const { dataset } = node as HTMLElement;
  delete dataset["t"];
  delete dataset["tArgs"];
  node.textContent = "";
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

/** The time of day to the second. */
export function clock(date: Date): string {
  return new Intl.DateTimeFormat(current, { timeStyle: "medium" }).format(date);
}

/** The day. */
export function day(date: Date): string {
  return new Intl.DateTimeFormat(current, { dateStyle: "medium" }).format(date);
}

/** A size in the decimal units that disks are sold by. */
export function bytes(n: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  let unit = 0;
  while (n >= 999.5 && unit < units.length - 1) {
    n /= 1000;
    unit++;
  }
  const digits = unit > 1 && n < 99.5 ? 1 : 0;
  return new Intl.NumberFormat(current, { style: "unit", unit: units[unit], maximumFractionDigits: digits, minimumFractionDigits: digits }).format(n);
}

/** A bit rate. */
export function bitRate(n: number): string {
  if (n >= 999_500) return `${number(n / 1e6, n >= 9.95e6 ? 0 : 1)} Mbit/s`;
  return `${number(n / 1e3)} kbit/s`;
}

/** A span of time in its two largest units: "1 hr 2 min", "45 sec". */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(s / 86_400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60, s % 60];
  const units = ["day", "hour", "minute", "second"];
  const first = Math.max(0, parts.findIndex((n) => n > 0));
  const from = s === 0 ? 3 : first;
  return parts
    .map((n, i) => ({ n, i }))
    .filter(({ n, i }) => i === from || (i === from + 1 && n > 0))
    .map(({ n, i }) => new Intl.NumberFormat(current, { style: "unit", unit: units[i], unitDisplay: "short" }).format(n))
    .join(" ");
}

/** A share in percent. */
export function percent(n: number): string {
  return new Intl.NumberFormat(current, { style: "percent", maximumFractionDigits: n < 10 ? 1 : 0 }).format(n / 100);
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

export function forget(key: string): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing was remembered.
  }
}
