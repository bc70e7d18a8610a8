// Who is logged in. The log-in itself is in cookies that scripts cannot read; what is remembered here is only that there is
// one, and what to call whom, so that the header need not wait and a page that nobody logged in to asks nothing.
import { forget, remember, remembered } from "../i18n.ts";
import { call, failed, loggedIn, sessionKey } from "./call.ts";
import type { Named } from "./lives.ts";

/** PeerTube's numbers. */
export const role = { admin: 0, moderator: 1, user: 2 } as const;
export type Role = (typeof role)[keyof typeof role];

export interface MyChannel extends Named {
  id: number;
  description?: string | null;
}

export interface Me {
  id: number;
  username: string;
  role: Role;
  /** The password was set by somebody else. */
  mustChange: boolean;
  account: Named & { description?: string | null };
  channels: MyChannel[];
  /** Bytes, -1 for no limit. */
  quota: number;
  used: number;
}

/** What is remembered. */
export interface Known {
  name: string;
  role: Role;
}

const url = "/api/v1/shoal/session";

export function knownSession(): Known | undefined {
  try {
    const known = JSON.parse(remembered(sessionKey) ?? "null") as Known | null;
    return known && typeof known.name === "string" ? known : undefined;
  } catch {
    return undefined;
  }
}

function know(me: Me): Me {
  loggedIn();
  remember(sessionKey, JSON.stringify({ name: me.account.displayName || me.username, role: me.role } satisfies Known));
  document.dispatchEvent(new Event("shoal:session"));
  return me;
}

function unknow(): void {
  forget(sessionKey);
  document.dispatchEvent(new Event("shoal:session"));
}

/** Who is logged in; undefined if nobody is. */
export async function getMe(): Promise<Me | undefined> {
  try {
    return know(await call<Me>("GET", url));
  } catch (e) {
    if (!failed(e, 401)) throw e;
    unknow();
    return undefined;
  }
}

export async function logIn(username: string, password: string): Promise<Me> {
  return know(await call<Me>("POST", url, { json: { username, password }, bare: true }));
}

export async function logOut(): Promise<void> {
  try {
    await call("DELETE", url, { bare: true });
  } catch (e) {
    if (!failed(e, 401)) throw e;
  }
  unknow();
}

export function changePassword(current: string, next: string): Promise<void> {
  return call("PUT", "/api/v1/shoal/password", { json: { current, new: next } });
}

export interface SetUp {
  instanceName: string;
  short: string;
  channel: Named;
  password?: string;
  replays: boolean;
}

export function setUp(setup: SetUp): Promise<void> {
  return call("PUT", "/api/v1/shoal/setup", { json: setup });
}

/** Where to log in, to come back to this page afterwards. */
export function logInUrl(from: Location = location): string {
  return `/login?next=${encodeURIComponent(from.pathname + from.search + from.hash)}`;
}
