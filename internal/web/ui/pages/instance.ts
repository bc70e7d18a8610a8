// The instance: what it is called and what it says of itself, and how the node is.
import { getSettings, getStatus, putSettings, type Status } from "../api/admin.ts";
import { el, find, refill } from "../dom.ts";
import { showFailure } from "../failure.ts";
import { field, onSubmit } from "../form.ts";
import { number, say, span, type Key } from "../i18n.ts";
import "../words/admin.ts";
import { isAdmin, startMyPage, whileSeen } from "./common.ts";

const every = 5000; // ms

await startMyPage(isAdmin);
const form = find<HTMLFormElement>("#instance-form");
const texts = ["name", "short", "description", "terms"] as const;

async function fill(): Promise<void> {
  try {
    const settings = await getSettings();
    for (const name of texts) field(form, name).value = settings[name];
    showFailure(find("#failure"), undefined);
  } catch (e) {
    showFailure(find("#failure"), e, () => void fill());
  }
}

onSubmit(form, {
  send: async () => {
    // Read anew: what other pages set stays as it is.
    const settings = await getSettings();
    for (const name of texts) settings[name] = field(form, name).value.trim();
    await putSettings(settings);
  },
  done: "form.saved",
});

let status: Status | undefined;

async function look(): Promise<void> {
  const trouble = find("#node-trouble");
  try {
    status = await getStatus();
    trouble.hidden = !status.diskFull && !status.error;
    if (status.diskFull) say(trouble, "instance.diskFull");
    else if (status.error) say(trouble, "instance.error", { detail: status.error });
    show(status);
  } catch {
    say(trouble, "site.unreachable");
    trouble.hidden = false;
  }
}

function show(s: Status): void {
  const list: [Key, string][] = [
    ["instance.node.name", s.node],
    ["instance.node.leader", s.leader],
    ["instance.node.version", s.version],
    ["instance.node.uptime", span(s.uptime)],
    ["instance.node.term", number(s.term)],
    ["instance.node.applied", number(s.applied)],
  ];
  refill(find("#node"), [list, document.documentElement.lang], () =>
    list.map(([words, value]) => {
      const term = el("dt");
      say(term, words);
      return el("div", {}, term, el("dd", {}, value || "–"));
    }),
  );
}

document.addEventListener("shoal:language", () => status && show(status));
void fill();
whileSeen(every, look);
