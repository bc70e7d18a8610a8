// What admins see and set.
import { call, path, query } from "./call.ts";
import type { Role } from "./session.ts";
import type { Labelled, List, Range } from "./videos.ts";

export interface User {
  id: number;
  username: string;
  email: string | null;
  role: Labelled<Role>;
  blocked: boolean;
  blockedReason?: string | null;
  /** Bytes, -1 for no limit. */
  videoQuota: number;
  videoQuotaDaily: number;
  videoQuotaUsed?: number;
  createdAt: string;
}

export function getUsers(filter: Range & { search?: string }): Promise<List<User>> {
  return call("GET", `/api/v1/users${query({ ...filter, sort: "-createdAt" })}`);
}

export interface NewUser {
  username: string;
  password: string;
  email?: string;
  role: Role;
  videoQuota: number;
  videoQuotaDaily: number;
}

export function addUser(user: NewUser): Promise<void> {
  return call("POST", "/api/v1/users", { json: user });
}

export type UserChange = Partial<Omit<NewUser, "username">>;

export function changeUser(id: number, change: UserChange): Promise<void> {
  return call("PUT", path`/api/v1/users/${id}`, { json: change });
}

export function deleteUser(id: number): Promise<void> {
  return call("DELETE", path`/api/v1/users/${id}`);
}

export function blockUser(id: number, reason: string): Promise<void> {
  return call("POST", path`/api/v1/users/${id}/block`, { json: reason ? { reason } : {} });
}

export function unblockUser(id: number): Promise<void> {
  return call("POST", path`/api/v1/users/${id}/unblock`);
}

export interface Settings {
  name: string;
  short: string;
  description: string;
  terms: string;
  setUp: boolean;
  language: string;
  live: {
    enabled: boolean;
    /** On the air at once, -1 for no limit. */
    maxLives: number;
    maxUser: number;
    /** Seconds, 0 for no limit. */
    maxDuration: number;
    /** bit/s, 0 for that of the configuration. */
    maxBitRate: number;
  };
  replays: {
    allowed: boolean;
    /** -1 for no limit. */
    maxBytes: number;
    /** Seconds, 0 for no limit. */
    maxAge: number;
    /** Seconds. */
    dvr: number;
  };
  users: { quota: number; dailyQuota: number };
}

const settings = "/api/v1/shoal/settings";

export function getSettings(): Promise<Settings> {
  return call("GET", settings);
}

export function putSettings(s: Settings): Promise<void> {
  return call("PUT", settings, { json: s });
}

export interface Storage {
  /** Bytes. */
  recordings: number;
  free: number;
  total: number;
  reserve: number;
  /** Less than the reserve is free: nothing is recorded. */
  low: boolean;
  videos: { uuid: string; name: string; bytes: number; published: string }[] | null;
}

export function getStorage(): Promise<Storage> {
  return call("GET", "/api/v1/shoal/storage");
}

export interface Status {
  node: string;
  leader: string;
  term: number;
  applied: number;
  diskFull: boolean;
  error: string;
  /** Seconds. */
  uptime: number;
  version: string;
}

export function getStatus(): Promise<Status> {
  return call("GET", "/api/v1/shoal/status");
}
