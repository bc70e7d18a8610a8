// My account: name, password, channels.
import { failed } from "../api/call.ts";
import { changePassword, getMe, type MyChannel } from "../api/session.ts";
import { addChannel, changeChannel, changeMe, deleteChannel } from "../api/videos.ts";
import { confirmed } from "../confirm.ts";
import { el, find } from "../dom.ts";
import { explain } from "../failure.ts";
import { addReveal, field, Mistake, onSubmit } from "../form.ts";
import { say, type Key } from "../i18n.ts";
import { follow } from "../slug.ts";
import "../words/my.ts";
import { startMyPage } from "./common.ts";

let me = await startMyPage();

// ---- profile

const profile = find<HTMLFormElement>("#profile-form");
say(find("#account-line"), "account.line", { name: me.username });
field(profile, "displayName").value = me.account.displayName;
field(profile, "description").value = me.account.description ?? "";
onSubmit(profile, {
  send: async () => {
    await changeMe({ displayName: field(profile, "displayName").value.trim(), description: field(profile, "description").value });
    me = (await getMe()) ?? me;
  },
  done: "form.saved",
});

// ---- password

const password = find<HTMLFormElement>("#password-form");
field(password, "username").value = me.username;
addReveal(field(password, "current"));
addReveal(field(password, "new"));
find("#must-change").hidden = !me.mustChange;
if (me.mustChange) field(password, "current").focus();
onSubmit(password, {
  send: async () => {
    const [current, next] = [field(password, "current"), field(password, "new")];
    if (current.value === next.value) throw new Mistake(next, "account.password.same");
    await changePassword(current.value, next.value);
    password.reset();
    find("#must-change").hidden = true;
  },
  done: "account.password.done",
  // 401 cannot be the log-in here: the page has just been let in.
  explain: (f) => (failed(f, 401) || failed(f, 403) ? { key: "account.password.wrong" } : undefined),
});

// ---- channels

function editor(channel: MyChannel, alone: boolean): HTMLElement {
  const id = `channel-${channel.id}`;
  const named = (tag: "input" | "textarea", what: string, words: Key, value: string, attributes: Record<string, string | boolean>) => {
    const node = el(tag, { id: `${id}-${what}`, name: what, ...attributes });
    node.value = value;
    const name = el("label", { for: node.id });
    say(name, words);
    return el("div", { class: "form-row" }, name, node);
  };
  const save = el("button", { type: "submit", class: "button strong" });
  say(save, "form.save");
  const remove = el("button", { type: "button", class: "button danger", hidden: alone });
  say(remove, "channel.delete");
  const form = el(
    "form",
    { class: "form" },
    named("input", "displayName", "channel.display", channel.displayName, { maxlength: "120", required: true }),
    named("textarea", "description", "channel.description", channel.description ?? "", { rows: "2", maxlength: "1000" }),
    el("div", { class: "form-actions" }, save, remove),
  );
  onSubmit(form, {
    send: async () => {
      const change = { displayName: field(form, "displayName").value.trim(), description: field<HTMLTextAreaElement>(form, "description").value };
      await changeChannel(channel.name, change);
      find(".editor-name", item).textContent = change.displayName;
    },
    done: "form.saved",
  });
  remove.addEventListener("click", async () => {
    if (!(await confirmed({ title: "channel.delete.title", text: "channel.delete.text", args: { name: channel.displayName }, yes: "channel.delete" }))) return;
    try {
      await deleteChannel(channel.name);
      await refresh();
    } catch (e) {
      const { key, args } = explain(e);
      const said = find(".outcome", form);
      say(said, key, args);
      said.classList.add("bad");
    }
  });
  const link = el("a", { class: "button slim", href: `/c/${encodeURIComponent(channel.name)}` });
  say(link, "channel.see");
  const summary = el("summary", {}, el("span", { class: "editor-name" }, channel.displayName), el("span", { class: "quiet-text" }, channel.name));
  const item = el("li", { "data-channel": channel.name }, el("details", {}, summary, link, form));
  return item;
}

function showChannels(): void {
  find("#channels").replaceChildren(...me.channels.map((c) => editor(c, me.channels.length < 2)));
}

async function refresh(): Promise<void> {
  me = (await getMe()) ?? me;
  showChannels();
}

const channels = find<HTMLFormElement>("#channel-form");
follow(field(channels, "displayName"), field(channels, "name"));
onSubmit(channels, {
  send: async () => {
    await addChannel({
      name: field(channels, "name").value,
      displayName: field(channels, "displayName").value.trim(),
      description: field<HTMLTextAreaElement>(channels, "description").value,
    });
    channels.reset();
    await refresh();
  },
  done: "channel.added",
});
showChannels();
