// Videos, channels and accounts in PeerTube's shapes.
import { call, path, query } from "./call.ts";
import type { Live, Named, Privacy, State } from "./lives.ts";

export interface Labelled<T = number> {
  id: T;
  label: string;
}

export interface Video {
  uuid: string;
  name: string;
  isLive: boolean;
  /** 1 published, 4 waiting for its live, 5 its live has ended. */
  state?: Labelled;
  privacy: Labelled<Privacy>;
  description?: string | null;
  /** Seconds. */
  duration: number;
  views: number;
  viewers?: number;
  previewPath?: string | null;
  thumbnailPath?: string | null;
  publishedAt: string | null;
  createdAt: string;
  channel: Named & { id: number };
  account: Named;
  tags?: string[];
  downloadEnabled?: boolean;
}

export interface List<T> {
  total: number;
  data: T[];
}

export interface Range {
  start: number;
  count: number;
}

export function getVideos(filter: Range & { sort?: string; isLive?: boolean }): Promise<List<Video>> {
  return call("GET", `/api/v1/videos${query({ ...filter })}`);
}

/** Those of a channel ("c") or of an account ("a"). */
export function getVideosOf(kind: "c" | "a", name: string, range: Range): Promise<List<Video>> {
  const of = kind === "c" ? path`/api/v1/video-channels/${name}` : path`/api/v1/accounts/${name}`;
  return call("GET", `${of}/videos${query({ ...range, sort: "-publishedAt" })}`);
}

export interface Owner extends Named {
  id: number;
  description?: string | null;
  ownerAccount?: Named;
}

export function getOwner(kind: "c" | "a", name: string): Promise<Owner> {
  return call("GET", kind === "c" ? path`/api/v1/video-channels/${name}` : path`/api/v1/accounts/${name}`);
}

export function getChannelsOf(account: string): Promise<List<Owner>> {
  return call("GET", `${path`/api/v1/accounts/${account}/video-channels`}?start=0&count=100`);
}

export function getMyVideos(filter: Range & { search?: string; isLive?: boolean; sort?: string }): Promise<List<Video>> {
  return call("GET", `/api/v1/users/me/videos${query({ sort: "-createdAt", ...filter })}`);
}

export function getVideo(ref: string): Promise<Video> {
  return call("GET", path`/api/v1/videos/${ref}`);
}

export interface VideoChange {
  name?: string;
  description?: string;
  privacy?: Privacy;
  videoPasswords?: string[];
  tags?: string[];
  downloadEnabled?: boolean;
  channelId?: number;
}

export function changeVideo(ref: string, change: VideoChange): Promise<void> {
  return call("PUT", path`/api/v1/videos/${ref}`, { json: change });
}

export function deleteVideo(ref: string): Promise<void> {
  return call("DELETE", path`/api/v1/videos/${ref}`);
}

/** @param auto only if there is none yet */
export function putPoster(ref: string, picture: Blob, auto = false): Promise<void> {
  return call("PUT", path`/api/v1/shoal/videos/${ref}/poster` + (auto ? "?auto=1" : ""), { body: picture, patience: 60_000 });
}

/** How a live is set up, beside what every video has. */
export interface LiveSetting {
  permanentLive: boolean;
  saveReplay: boolean;
  replaySettings: { privacy: Privacy };
  /** 0: a second encoder is refused, 1: it takes over. */
  takeover: number;
}

export interface NewLive extends LiveSetting {
  name: string;
  channelId: number;
  privacy: Privacy;
  videoPasswords?: string[];
}

export async function createLive(live: NewLive): Promise<{ uuid: string }> {
  return (await call<{ video: { uuid: string } }>("POST", "/api/v1/videos/live", { json: { ...live, latencyMode: 1 } })).video;
}

export function changeLive(ref: string, setting: Partial<LiveSetting>): Promise<void> {
  return call("PUT", path`/api/v1/videos/live/${ref}`, { json: setting });
}

export function addChannel(channel: Named & { description: string }): Promise<void> {
  return call("POST", "/api/v1/video-channels", { json: channel });
}

export function changeChannel(name: string, change: { displayName: string; description: string }): Promise<void> {
  return call("PUT", path`/api/v1/video-channels/${name}`, { json: change });
}

export function deleteChannel(name: string): Promise<void> {
  return call("DELETE", path`/api/v1/video-channels/${name}`);
}

export function changeMe(change: { displayName: string; description: string }): Promise<void> {
  return call("PUT", "/api/v1/users/me", { json: change });
}

/** Where a video stands, in the words of the pages. */
export function stateOf(video: Video): State {
  if (!video.isLive) return "replay";
  switch (video.state?.id) {
    case 4:
      return "waiting";
    case 5:
      return "ended";
    default:
      return "live";
  }
}

/** A video as the cards show it. */
export function cardOf(video: Video): Pick<Live, "uuid" | "name" | "state" | "startedAt" | "channel" | "viewers" | "poster" | "duration" | "views"> {
  const { uuid, name, channel, views } = video;
  const card = { uuid, name, channel, views, state: stateOf(video), startedAt: video.publishedAt, duration: video.duration };
  return { ...card, viewers: video.viewers ?? 0, poster: video.previewPath ?? "" };
}
