// Text that people wrote, shown as they wrote it: paragraphs, line breaks and links, nothing else. Pure but for render.
import { el } from "./dom.ts";

export interface Piece {
  text: string;
  /** An http or https address. */
  href?: string;
}

/** Splits a text at empty lines into paragraphs, those into lines, those into plain text and links. */
export function paragraphs(text: string): Piece[][][] {
  return text
    .replace(/\r\n?/g, "\n")
    .split(/\n[^\S\n]*\n\s*/)
    .map((p) => p.trim())
    .filter(Boolean)
    .map((p) => p.split("\n").map(pieces));
}

function pieces(line: string): Piece[] {
  const list: Piece[] = [];
  let from = 0;
  for (const match of line.matchAll(/\bhttps?:\/\/[^\s<>"'“”«»]+/gi)) {
    const address = trimmed(match[0]);
    if (!isAddress(address)) continue;
    if (match.index > from) list.push({ text: line.slice(from, match.index) });
    list.push({ text: address, href: new URL(address).href });
    from = match.index + address.length;
  }
  if (from < line.length) list.push({ text: line.slice(from) });
  return list;
}

/** Punctuation at the end belongs to the sentence, and a bracket that was not opened in the address to what is around. */
function trimmed(address: string): string {
  for (;;) {
    const last = address.at(-1) ?? "";
    const open = { ")": "(", "]": "[" }[last];
    const unopened = open !== undefined && address.split(last).length > address.split(open).length;
    if (!/[.,;:!?*_~`]/.test(last) && !unopened) return address;
    address = address.slice(0, -1);
  }
}

function isAddress(text: string): boolean {
  return URL.canParse(text) && new URL(text).hostname !== "";
}

/** The text as elements. Links to elsewhere say nothing about this page. */
export function render(text: string): HTMLElement[] {
  return paragraphs(text).map((lines) => {
    const p = el("p");
    lines.forEach((line, i) => {
      if (i > 0) p.append(el("br"));
      for (const { text: words, href } of line) {
        p.append(href === undefined ? words : el("a", { href, rel: "nofollow noopener noreferrer", target: "_blank" }, words));
      }
    });
    return p;
  });
}
