// Logging in, and going on to where the person wanted to be.
import { failed } from "../api/call.ts";
import { getNode } from "../api/lives.ts";
import { safeNext } from "../api/next.ts";
import { logIn, role, type Me } from "../api/session.ts";
import { find } from "../dom.ts";
import { addReveal, field, onSubmit } from "../form.ts";
import "../words/login.ts";
import { startPage } from "./common.ts";

startPage();
const form = find<HTMLFormElement>("#login-form");
const name = field(form, "username");
const password = field(form, "password");
addReveal(password);
name.focus();
const node = getNode().catch(() => undefined);
void node.then((n) => (find("#login-first").hidden = n?.setUp !== false));

async function onward(me: Me): Promise<string> {
  if (me.role === role.admin && (await node)?.setUp === false) return "/setup";
  if (me.mustChange) return "/my/account";
  return safeNext(new URLSearchParams(location.search).get("next"), location.origin, "/studio");
}

onSubmit(form, {
  send: async () => {
    location.assign(await onward(await logIn(name.value.trim(), password.value)));
  },
  explain: (f) => {
    if (failed(f, 401) || failed(f, 400)) return { key: "login.wrong" };
    return failed(f, 403) ? { key: "login.blocked" } : undefined;
  },
});
