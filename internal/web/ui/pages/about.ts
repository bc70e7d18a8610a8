// What this is, whose it is, and where its source is.
import { getNode } from "../api.ts";
import { find } from "../dom.ts";
import { say } from "../i18n.ts";
import { startPage } from "./common.ts";

startPage();
const node = await getNode().catch(() => undefined);
if (node) {
  say(find("#version"), "about.version", { version: node.version });
  find("#version").hidden = false;
  if (node.source && /^https?:/.test(node.source)) {
    find<HTMLAnchorElement>("#source").href = node.source;
    find("#source-line").hidden = false;
    find("#source-none").hidden = true;
  }
}
