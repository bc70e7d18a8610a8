// The studio: one's lives, and a new one.
import { getSettings } from "../api/admin.ts";
import { privacy } from "../api/lives.ts";
import { role } from "../api/session.ts";
import { createLive, getMyVideos } from "../api/videos.ts";
import { fillChannels, LiveSettings, PrivacyChoice } from "../choices.ts";
import { el, find, refill } from "../dom.ts";
import { showFailure } from "../failure.ts";
import { field, onSubmit } from "../form.ts";
import { say } from "../i18n.ts";
import { pageOf, showPager } from "../pager.ts";
import { row } from "../row.ts";
import "../words/studio.ts";
import { startMyPage, whileSeen } from "./common.ts";

const size = 20;
const every = 5000; // ms

const me = await startMyPage();
const page = pageOf(location.search);

async function look(): Promise<void> {
  try {
    const { total, data } = await getMyVideos({ start: (page - 1) * size, count: size, isLive: true });
    find("#lives-none").hidden = total > 0;
    find("#create-link").hidden = total === 0;
    refill(find("#lives"), [data, document.documentElement.lang], () =>
      data.map((v) => {
        const watch = el("a", { class: "button", href: `/w/${v.uuid}` });
        say(watch, "card.watch");
        return row(v, `/studio/${v.uuid}`, watch);
      }),
    );
    showPager(find("#pager"), page, size, total);
    showFailure(find("#failure"), undefined);
  } catch (e) {
    showFailure(find("#failure"), e, () => void look());
  }
}

const form = find<HTMLFormElement>("#create-form");
fillChannels(field<HTMLSelectElement>(form, "channel"), me.channels);
const who = new PrivacyChoice(form, privacy.public, false);
const settings = new LiveSettings(form);
if (me.role === role.admin) {
  // Others learn it from the refusal.
  void getSettings()
    .then((s) => {
      find("#create-none").hidden = s.live.enabled;
      if (!s.replays.allowed) settings.withoutReplays();
    })
    .catch(() => undefined);
}

onSubmit(form, {
  send: async () => {
    const passwords = who.typed();
    const { uuid } = await createLive({
      name: field(form, "name").value.trim(),
      channelId: Number(field<HTMLSelectElement>(form, "channel").value),
      privacy: who.value,
      ...(passwords ? { videoPasswords: passwords } : {}),
      ...settings.value,
    });
    location.assign(`/studio/${uuid}`);
  },
});
document.addEventListener("shoal:language", () => void look());
whileSeen(every, look);
