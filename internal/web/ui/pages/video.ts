// One of my videos: what is said of it, who may see it, its poster, and its end.
import { getLive } from "../api/lives.ts";
import { privacy } from "../api/lives.ts";
import { changeVideo, cardOf, deleteVideo, getVideo, putPoster, type Video } from "../api/videos.ts";
import { picture } from "../card.ts";
import { fillChannels, PrivacyChoice } from "../choices.ts";
import { confirmed } from "../confirm.ts";
import { find } from "../dom.ts";
import { explain, showFailure } from "../failure.ts";
import { entries, field, Mistake, onSubmit } from "../form.ts";
import { say } from "../i18n.ts";
import { poster } from "../picture.ts";
import "../words/my.ts";
import { nameTab, part, startMyPage } from "./common.ts";

const me = await startMyPage();
find("#content").hidden = true; // until there is something in it
const ref = part(3);
const form = find<HTMLFormElement>("#video-form");
const value = (name: string) => field(form, name).value;

async function begin(): Promise<void> {
  let video: Video;
  try {
    video = await getVideo(ref);
    showFailure(find("#failure"), undefined);
  } catch (e) {
    showFailure(find("#failure"), e, () => void begin());
    return;
  }
  find("#content").hidden = false;
  const uuid = encodeURIComponent(video.uuid);
  find<HTMLAnchorElement>("#watch").href = `/w/${uuid}`;
  find<HTMLAnchorElement>("#studio").href = `/studio/${uuid}`;
  find("#studio").hidden = !video.isLive;
  void showDownload(video);
  name(video.name);
  field(form, "name").value = video.name;
  field(form, "description").value = video.description ?? "";
  field(form, "tags").value = (video.tags ?? []).join(", ");
  field(form, "download").checked = video.downloadEnabled ?? true;
  // A moderator edits videos of channels that are not theirs: those stay where they are.
  const mine = me.channels.some((c) => c.id === video.channel.id);
  fillChannels(field<HTMLSelectElement>(form, "channel"), mine ? me.channels : [{ ...video.channel }], video.channel.id);
  const who = new PrivacyChoice(form, video.privacy.id, video.privacy.id === privacy.protected);
  onSubmit(form, {
    send: async () => {
      const passwords = who.typed();
      const change = { name: value("name").trim(), description: value("description"), privacy: who.value, tags: tags(), downloadEnabled: field(form, "download").checked };
      const channelId = Number(field<HTMLSelectElement>(form, "channel").value);
      await changeVideo(video.uuid, { ...change, ...(mine ? { channelId } : {}), ...(passwords ? { videoPasswords: passwords } : {}) });
      who.saved();
      name(change.name);
      void showDownload(video);
    },
    done: "form.saved",
  });
  startPoster(video);
  startDelete(video);
}

function name(text: string): void {
  find("#name").textContent = text;
  nameTab(text);
}

/** PeerTube takes five tags of 2 to 30 characters. */
function tags(): string[] {
  const typed = entries(value("tags"));
  if (typed.length > 5 || typed.some((t) => t.length < 2 || t.length > 30)) throw new Mistake(field(form, "tags"), "video.tags.wrong");
  return typed;
}

async function showDownload({ uuid }: Video): Promise<void> {
  const { downloadUrl = "" } = (await getLive(uuid).catch(() => undefined)) ?? {};
  find("#download").hidden = downloadUrl === "";
  if (downloadUrl) find<HTMLAnchorElement>("#download").href = downloadUrl;
}

function startPoster(video: Video): void {
  const box = find("#poster");
  const show = (v: Video) => box.replaceChildren(picture(cardOf(v)));
  show(video);
  const posters = find<HTMLFormElement>("#poster-form");
  const input = field(posters, "poster");
  onSubmit(posters, {
    send: async () => {
      const file = input.files?.[0];
      if (!file) throw new Mistake(input, "form.missing");
      const jpeg = await poster(file).catch(() => {
        throw new Mistake(input, "video.poster.wrong");
      });
      await putPoster(video.uuid, jpeg);
      input.value = "";
      show(await getVideo(video.uuid));
    },
    done: "video.poster.done",
  });
}

function startDelete(video: Video): void {
  const said = find("#deleted");
  find("#delete").addEventListener("click", async () => {
    if (!(await confirmed({ title: "video.delete.title", text: "video.delete.text", args: { name: video.name }, yes: "video.delete" }))) return;
    try {
      await deleteVideo(video.uuid);
      location.assign("/my/videos");
    } catch (e) {
      const { key, args } = explain(e);
      say(said, key, args);
      said.classList.add("bad");
    }
  });
}

void begin();
