// The users of the instance: found, added, changed, blocked, deleted.
import { fromField, giga, toField } from "../amounts.ts";
import { addUser, blockUser, changeUser, deleteUser, getSettings, getUsers, unblockUser, type User } from "../api/admin.ts";
import { role, type Role } from "../api/session.ts";
import { confirmed } from "../confirm.ts";
import { el, find } from "../dom.ts";
import { explain, showFailure } from "../failure.ts";
import { addReveal, field, onSubmit } from "../form.ts";
import { bytes, day, say, type Args, type Key } from "../i18n.ts";
import { pageOf, showPager } from "../pager.ts";
import "../words/admin.ts";
import { isAdmin, startMyPage } from "./common.ts";

const size = 20;
const unlimited = -1;
const roles: [Role, Key][] = [
  [role.user, "role.user"],
  [role.moderator, "role.moderator"],
  [role.admin, "role.admin"],
];

const me = await startMyPage(isAdmin);
const search = new URLSearchParams(location.search).get("search")?.trim() ?? "";
const page = pageOf(location.search);

async function look(): Promise<void> {
  try {
    const { total, data } = await getUsers({ start: (page - 1) * size, count: size, ...(search ? { search } : {}) });
    find("#users-none").hidden = total > 0;
    const open = new Set([...document.querySelectorAll<HTMLDetailsElement>("#users details[open]")].map((d) => d.id));
    find("#users").replaceChildren(...data.map(editor));
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    showPager(find("#pager"), page, size, total);
    showFailure(find("#failure"), undefined);
  } catch (e) {
    showFailure(find("#failure"), e, () => void look());
  }
}

function labelled(control: HTMLElement, words: Key, hint?: Key): HTMLElement {
  const name = el("label", { for: control.id });
  say(name, words);
  const row = el("div", { class: "form-row" }, name, control);
  if (hint) {
    const more = el("p", { class: "hint", id: `${control.id}-hint` });
    say(more, hint);
    control.setAttribute("aria-describedby", more.id);
    row.append(more);
  }
  return row;
}

function fillRoles(select: HTMLSelectElement, chosen: Role): void {
  select.replaceChildren(
    ...roles.map(([value, words]) => {
      const option = el("option", { value: String(value) });
      say(option, words);
      return option;
    }),
  );
  select.value = String(chosen);
}

function button(words: Key, kind: string, press: () => void): HTMLButtonElement {
  const node = el("button", { type: "button", class: `button ${kind}` });
  say(node, words);
  node.addEventListener("click", press);
  return node;
}

function editor(user: User): HTMLElement {
  const id = `user-${user.id}`;
  const self = user.id === me.id;
  const roleChoice = el("select", { id: `${id}-role`, name: "role", disabled: self });
  fillRoles(roleChoice, user.role.id);
  const amount = (name: string, value: number) => {
    const node = el("input", { id: `${id}-${name}`, name, type: "number", min: "0", step: "any", inputmode: "decimal" });
    node.value = toField(value, giga, unlimited);
    return node;
  };
  const quota = amount("quota", user.videoQuota);
  const daily = amount("dailyQuota", user.videoQuotaDaily);
  const password = el("input", { id: `${id}-password`, name: "password", type: "password", autocomplete: "new-password", minlength: "8", maxlength: "255" });
  const save = el("button", { type: "submit", class: "button strong" });
  say(save, "form.save");
  const form = el("form", { class: "form", autocomplete: "off" });
  const act = (what: () => Promise<void>) => async () => {
    try {
      await what();
      await look();
    } catch (e) {
      const { key, args } = explain(e);
      const said = find(".outcome", form);
      say(said, key, args);
      said.className = "outcome bad";
    }
  };
  const ask = (title: Key, text: Key, yes: Key) => confirmed({ title, text, yes, args: { name: user.username } });
  const block = user.blocked
    ? button("users.unblock", "", act(() => unblockUser(user.id)))
    : button("users.block", "danger", act(async () => {
        if (await ask("users.block.title", "users.block.text", "users.block")) await blockUser(user.id, "");
      }));
  const remove = button("users.delete", "danger", act(async () => {
    if (await ask("users.delete.title", "users.delete.text", "users.delete")) await deleteUser(user.id);
  }));
  block.hidden = remove.hidden = self;
  form.append(
    labelled(roleChoice, "users.role", self ? "users.role.self" : undefined),
    labelled(quota, "users.quota", "form.unlimited"),
    labelled(daily, "users.dailyQuota", "form.unlimited"),
    labelled(password, "users.password.reset", "users.password.reset.hint"),
    el("div", { class: "form-actions" }, save, block, remove),
  );
  addReveal(password);
  onSubmit(form, {
    send: async () => {
      await changeUser(user.id, {
        ...(self ? {} : { role: Number(roleChoice.value) as Role }),
        videoQuota: fromField(quota.value, giga, unlimited),
        videoQuotaDaily: fromField(daily.value, giga, unlimited),
        ...(password.value ? { password: password.value } : {}),
      });
      password.value = "";
    },
    done: "form.saved",
  });
  return el("li", { "data-user": user.username }, el("details", { id }, summary(user), form));
}

function summary(user: User): HTMLElement {
  const words = (key: Key, args?: Args, kind = "quiet-text") => {
    const node = el("span", { class: kind });
    say(node, key, args);
    return node;
  };
  return el(
    "summary",
    {},
    el("span", { class: "editor-name" }, user.username),
    words(roles.find(([r]) => r === user.role.id)?.[1] ?? "role.user", undefined, "badge"),
    user.blocked && words("users.blocked", undefined, "badge warn"),
    words("users.since", { date: day(new Date(user.createdAt)) }),
    user.videoQuotaUsed !== undefined && words("users.uses", { size: bytes(user.videoQuotaUsed) }),
  );
}

const finder = find<HTMLFormElement>("#search-form");
find<HTMLInputElement>("#search").value = search;
finder.addEventListener("submit", (e) => {
  e.preventDefault();
  const wanted = find<HTMLInputElement>("#search").value.trim();
  location.assign(location.pathname + (wanted ? `?search=${encodeURIComponent(wanted)}` : ""));
});

const adder = find<HTMLFormElement>("#user-form");
const quotaField = field(adder, "quota");
fillRoles(field<HTMLSelectElement>(adder, "role"), role.user);
addReveal(field(adder, "password"));
const defaults = await getSettings().then((s) => s.users, () => ({ quota: unlimited, dailyQuota: unlimited }));
quotaField.value = toField(defaults.quota, giga, unlimited);
onSubmit(adder, {
  send: async () => {
    const email = field(adder, "email").value.trim();
    await addUser({
      username: field(adder, "username").value,
      password: field(adder, "password").value,
      ...(email ? { email } : {}),
      role: Number(field<HTMLSelectElement>(adder, "role").value) as Role,
      videoQuota: fromField(quotaField.value, giga, unlimited),
      videoQuotaDaily: defaults.dailyQuota,
    });
    adder.reset();
    quotaField.value = toField(defaults.quota, giga, unlimited);
    await look();
  },
  done: "users.added",
});
document.addEventListener("shoal:language", () => void look());
void look();
