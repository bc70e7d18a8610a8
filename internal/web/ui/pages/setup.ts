// The first set-up: what the admin is asked once.
import { setUp } from "../api/session.ts";
import { getNode } from "../api/lives.ts";
import { find } from "../dom.ts";
import { addReveal, field, onSubmit } from "../form.ts";
import { follow } from "../slug.ts";
import "../words/login.ts";
import { isAdmin, startMyPage } from "./common.ts";

const me = await startMyPage(isAdmin);
const form = find<HTMLFormElement>("#setup-form");
const password = field(form, "password");
addReveal(password);
field(form, "username").value = me.username;
// Who has a password of their own choice need not choose again.
find("#setup-password").hidden = !me.mustChange;
password.disabled = !me.mustChange;

const display = field(form, "channelDisplay");
const name = field(form, "channelName");
const [channel] = me.channels;
display.value = channel?.displayName ?? "";
name.value = channel?.name ?? "";
follow(display, name);
const node = await getNode().catch(() => undefined);
find("#setup-again").hidden = node?.setUp !== true;
form.hidden = node?.setUp === true;
if (node) field(form, "instanceName").value = node.name;

onSubmit(form, {
  send: async () => {
    await setUp({
      instanceName: field(form, "instanceName").value.trim(),
      short: field(form, "short").value.trim(),
      channel: { name: name.value, displayName: display.value.trim() },
      ...(me.mustChange ? { password: password.value } : {}),
      replays: field(form, "replays").checked,
    });
    location.assign("/studio");
  },
});
