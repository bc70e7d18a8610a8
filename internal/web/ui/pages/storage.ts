// The disk: what the recordings take, what is free, and which replays could go.
import { getStorage, type Storage } from "../api/admin.ts";
import { deleteVideo } from "../api/videos.ts";
import { confirmed } from "../confirm.ts";
import { el, find, refill, svg } from "../dom.ts";
import { explain, showFailure } from "../failure.ts";
import { bytes, day, hush, label, say, type Key } from "../i18n.ts";
import "../words/admin.ts";
import { isAdmin, startMyPage, whileSeen } from "./common.ts";

const every = 10_000; // ms
const shown = 50;

type Order = "largest" | "oldest";
type Kept = NonNullable<Storage["videos"]>[number];

const sorts: Record<Order, (a: Kept, b: Kept) => number> = {
  largest: (a, b) => b.bytes - a.bytes,
  oldest: (a, b) => a.published.localeCompare(b.published),
};

await startMyPage(isAdmin);
const order = find<HTMLSelectElement>("#order");
for (const name of ["largest", "oldest"] as const) {
  const option = el("option", { value: name });
  say(option, `storage.order.${name}`);
  order.append(option);
}
const said = find("#kept-said");
let storage: Storage | undefined;

async function look(): Promise<void> {
  try {
    storage = await getStorage();
    showFailure(find("#failure"), undefined);
    show(storage);
  } catch (e) {
    showFailure(find("#failure"), e, () => void look());
  }
}

function show(s: Storage): void {
  find("#low").hidden = !s.low;
  refill(find("#disk"), [s.recordings, s.free, s.total, s.reserve, document.documentElement.lang], () => [bar(s), legend(s)]);
  const videos = [...(s.videos ?? [])].sort(sorts[order.value as Order]).slice(0, shown);
  find("#kept-none").hidden = videos.length > 0;
  refill(find("#kept"), [videos, document.documentElement.lang], () => videos.map(item));
}

/** Recordings, all else, free, as one bar. */
function bar({ recordings, free, total }: Storage): SVGElement {
  const share = (n: number) => (total > 0 ? Math.max(0, Math.min(100, (100 * n) / total)) : 0);
  const other = share(total - free - recordings);
  const node = svg(
    "svg",
    { viewBox: "0 0 100 4", preserveAspectRatio: "none", class: "disk-bar", role: "img" },
    svg("rect", { width: "100", height: "4", class: "disk-free" }),
    svg("rect", { width: String(other), height: "4", class: "disk-other" }),
    svg("rect", { x: String(other), width: String(share(recordings)), height: "4", class: "disk-recordings" }),
  );
  label(node, "storage.bar", { recordings: bytes(recordings), free: bytes(free), total: bytes(total) });
  return node;
}

function legend(s: Storage): HTMLElement {
  const entries: [Key, number, string][] = [
    ["storage.recordings", s.recordings, "recordings"],
    ["storage.rest", Math.max(0, s.total - s.free - s.recordings), "other"],
    ["storage.free", s.free, "free"],
    ["storage.total", s.total, ""],
    ["storage.reserve", s.reserve, ""],
  ];
  return el(
    "dl",
    { class: "figures" },
    ...entries.map(([words, amount, kind]) => {
      const term = el("dt", kind ? { class: `key-${kind}` } : {});
      say(term, words);
      return el("div", {}, term, el("dd", { "data-bytes": String(amount) }, bytes(amount)));
    }),
  );
}

function item(v: Kept): HTMLElement {
  const words = el("span");
  say(words, "storage.delete");
  const remove = el("button", { type: "button", class: "button danger" }, words, el("span", { class: "unseen" }, ` ${v.name}`));
  remove.addEventListener("click", async () => {
    hush(said);
    if (!(await confirmed({ title: "storage.delete.title", text: "storage.delete.text", args: { name: v.name, size: bytes(v.bytes) }, yes: "storage.delete" }))) return;
    try {
      await deleteVideo(v.uuid);
      said.className = "outcome good";
      say(said, "storage.deleted", { name: v.name });
      await look();
    } catch (e) {
      const { key, args } = explain(e);
      said.className = "outcome bad";
      say(said, key, args);
    }
  });
  const facts = el("p", { class: "facts" }, el("span", {}, bytes(v.bytes)), el("span", {}, day(new Date(v.published))));
  return el("li", { class: "row", "data-uuid": v.uuid }, el("div", { class: "row-text" }, el("a", { class: "row-name", href: `/w/${encodeURIComponent(v.uuid)}` }, v.name), facts), el("div", { class: "actions" }, remove));
}

order.addEventListener("change", () => storage && show(storage));
document.addEventListener("shoal:language", () => storage && show(storage));
whileSeen(every, look);
