// The desk of one live (/studio/UUID): how it goes, what goes into the encoder, and how it ends.
import { failed } from "../api/call.ts";
import { getLive } from "../api/lives.ts";
import { endBroadcast, getStudio, type Studio } from "../api/studio.ts";
import { changeLive } from "../api/videos.ts";
import { LiveSettings } from "../choices.ts";
import { confirmed } from "../confirm.ts";
import { Encoder } from "../desk/encoder.ts";
import { Health } from "../desk/health.ts";
import type { Preview } from "../desk/preview.ts";
import { el, find, refill } from "../dom.ts";
import { figures } from "../duration.ts";
import { explain, showFailure } from "../failure.ts";
import { onSubmit } from "../form.ts";
import { bytes, count, hush, say, span, time, type Args, type Key } from "../i18n.ts";
import { showCode } from "../share.ts";
import "../words/studio.ts";
import { nameTab, part, startMyPage, whileSeen } from "./common.ts";

const every = 1500; // ms

await startMyPage();
find("#content").hidden = true; // until there is something in it
const ref = part(2);
const announce = find("#announce");
const encoder = new Encoder(ref);
const health = new Health((words, args) => tell(words, args));
let preview: Promise<Preview> | undefined;
let studio: Studio | undefined;
let settingsOf = "";
/** How often the replay of a broadcast that has just ended is still asked for. */
let replayTries = 0;

function tell(words: Key, args?: Args): void {
  hush(announce); // the same words a second time are said, too
  requestAnimationFrame(() => say(announce, words, args));
}

async function look(): Promise<void> {
  try {
    const now = await getStudio(ref);
    const before = studio;
    studio = now;
    find("#lost").hidden = true;
    showFailure(find("#failure"), undefined);
    if (!before) begin(now);
    else if (before.state !== now.state) tell(`state.${now.state}`);
    await findReplay(before, now);
    show(now);
  } catch (e) {
    if (failed(e, 404) && (await becameReplay())) return;
    // What was shown stays, unless it is none of this person's business.
    const short = studio !== undefined && !failed(e, 401) && !failed(e, 403) && !failed(e, 404);
    find("#lost").hidden = !short;
    if (!short) {
      find("#content").hidden = true;
      showFailure(find("#failure"), e, () => void look());
    }
  }
}

/** A permanent live that has ended here leaves a replay elsewhere, a moment later. */
async function findReplay(before: Studio | undefined, now: Studio): Promise<void> {
  if (now.state !== "ended" && now.state !== "waiting") {
    replayTries = 20;
    return;
  }
  if (before?.live.nextRef) now.live.nextRef = before.live.nextRef;
  else if (before && now.permanent && now.saveReplay && replayTries-- > 0) {
    const found = await getLive(ref).catch(() => undefined);
    if (found?.nextRef) now.live.nextRef = found.nextRef;
  }
}

/** A short-lived live that has ended is a video like others: its replay. */
async function becameReplay(): Promise<boolean> {
  const live = await getLive(ref).catch(() => undefined);
  if (live?.state !== "replay") return false;
  if (!studio) {
    location.replace(`/my/videos/${encodeURIComponent(live.uuid)}`);
    return true;
  }
  if (studio.state !== "replay") tell("state.replay");
  studio = { ...studio, live, state: "replay", findings: [], recording: { ...studio.recording, on: false } };
  find("#lost").hidden = true;
  show(studio);
  return true;
}

function begin({ live }: Studio): void {
  find("#content").hidden = false;
  const uuid = encodeURIComponent(live.uuid);
  find<HTMLAnchorElement>("#watch").href = `/w/${uuid}`;
  find<HTMLAnchorElement>("#edit").href = `/my/videos/${uuid}`;
  void showCode(find("#code"), find("#code-hint"), live.uuid).catch(() => say(find("#code-hint"), "failure.offline"));
}

function show(s: Studio): void {
  const { live, state } = s;
  find("#name").textContent = live.name;
  nameTab(live.name);
  const badge = find("#state");
  badge.className = `badge ${state}`;
  badge.dataset["state"] = state;
  say(badge, `state.${state}`);
  const since = find("#since");
  if (s.session && (state === "live" || state === "interrupted")) say(since, "live.running", { time: figures(s.session.seconds) });
  else if (s.since && state === "ended") say(since, "card.ended", { time: time(new Date(s.since)) });
  else if (state === "waiting") say(since, "live.waiting");
  else hush(since);
  count(find("#viewers"), "viewers", s.viewers);
  find("#viewers").hidden = state !== "live" && s.viewers === 0;
  find("#end").hidden = state !== "live" && state !== "interrupted";
  showNext(s);
  encoder.show(s);
  health.show(s);
  showRecording(s);
  showSettings(s);
  void showPreview(s);
}

/** After the end: where the replay is. */
function showNext({ state, live }: Studio): void {
  const place = find("#next");
  const to = state === "replay" ? live.uuid : state === "ended" || state === "waiting" ? (live.nextRef ?? "") : "";
  place.hidden = to === "";
  refill(place, to, () => {
    const words = el("span");
    say(words, "next.over");
    const link = el("a", { href: `/w/${encodeURIComponent(to)}` });
    say(link, "next.link");
    return [words, document.createTextNode(" "), link];
  });
}

async function showPreview(s: Studio): Promise<void> {
  const on = s.state === "live" || s.state === "interrupted";
  find("#preview-none").hidden = on || preview !== undefined;
  find("#player").hidden = !on && preview === undefined;
  if (on) preview ??= import("../desk/preview.ts").then((m) => new m.Preview(find("#player"), ref));
  (await preview)?.show(s.live, on ? (s.session?.start ?? "") : "");
}

function showRecording({ recording: r, saveReplay, state }: Studio): void {
  const words = find("#recording-state");
  words.className = r.on ? "recording" : "";
  if (r.on) say(words, "live.recording.on", { time: span(r.seconds), size: bytes(r.bytes) });
  else if (state === "replay") say(words, "live.recording.done");
  else say(words, saveReplay ? "live.recording.wait" : "live.recording.off");
  const error = find("#recording-error");
  error.hidden = r.error === "";
  if (r.error === "") return;
  if (/disk|space|full|ENOSPC/i.test(r.error)) say(error, "live.recording.full");
  else say(error, "live.recording.error", { detail: r.error });
}

function showSettings(s: Studio): void {
  const form = find<HTMLFormElement>("#settings-form");
  const set = { permanentLive: s.permanent, saveReplay: s.saveReplay, replaySettings: { privacy: s.replayPrivacy }, takeover: s.takeover };
  const now = JSON.stringify(set);
  if (now !== settingsOf && !form.contains(document.activeElement)) {
    settingsOf = now;
    settings = new LiveSettings(form, set);
  }
  const over = s.state === "replay";
  const running = s.state === "live" || s.state === "interrupted";
  const locked = find("#settings-locked");
  locked.hidden = !s.declared && !running;
  say(locked, s.declared ? "live.declared" : "live.settings.running");
  find("#settings").hidden = over;
  find("#encoder").hidden = over;
  for (const field of form.querySelectorAll<HTMLFieldSetElement>("fieldset")) {
    // While it runs, only what becomes of a second encoder can be changed.
    field.disabled = s.declared || (running && field.querySelector("[name=takeover]") === null);
  }
  find("[type=submit]", form).hidden = s.declared;
}

let settings: LiveSettings | undefined;
onSubmit(find<HTMLFormElement>("#settings-form"), {
  send: async () => {
    if (!settings || !studio) return;
    const { takeover } = settings.value;
    const running = studio.state === "live" || studio.state === "interrupted";
    await changeLive(ref, running ? { takeover } : settings.value);
  },
  done: "form.saved",
});

find("#end").addEventListener("click", async () => {
  const permanent = studio?.permanent;
  if (!(await confirmed({ title: "live.end.title", text: permanent ? "live.end.text.permanent" : "live.end.text", yes: "live.end" }))) return;
  try {
    await endBroadcast(ref);
    await look();
  } catch (e) {
    const { key, args } = explain(e);
    tell(key, args);
    showFailure(find("#failure"), e);
  }
});
document.addEventListener("shoal:language", () => studio && show(studio));
whileSeen(every, look);
