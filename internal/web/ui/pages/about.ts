// What this is, whose it is, what its admins say about it, and where its source is.
import { getAbout, getNode } from "../api/lives.ts";
import { find } from "../dom.ts";
import { say } from "../i18n.ts";
import { render } from "../text.ts";
import "../words/about.ts";
import { startPage } from "./common.ts";

startPage();
const [node, about] = await Promise.all([getNode().catch(() => undefined), getAbout().catch(() => undefined)]);
if (node) {
  say(find("#version"), "about.version", { version: node.version });
  find("#version").hidden = false;
  if (node.source && /^https?:/.test(node.source)) {
    find<HTMLAnchorElement>("#source").href = node.source;
    find("#source-line").hidden = false;
    find("#source-none").hidden = true;
  }
}
if (about) {
  const { name, shortDescription, description, terms } = about.instance;
  const fill = (part: string, texts: (string | null)[]) => {
    const text = texts.filter(Boolean).join("\n\n");
    find(`#${part}-text`).replaceChildren(...render(text));
    find(`#${part}`).hidden = text === "";
  };
  find("#instance-name").textContent = name;
  fill("instance", [shortDescription, description]);
  fill("terms", [terms]);
}
