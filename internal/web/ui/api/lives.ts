// What anybody sees: lives, replays, the node.
import { call, path, query } from "./call.ts";

export type State = "waiting" | "live" | "interrupted" | "ended" | "replay";

/** PeerTube's numbers. */
export const privacy = { public: 1, unlisted: 2, private: 3, internal: 4, protected: 5 } as const;
export type Privacy = (typeof privacy)[keyof typeof privacy];

export interface Named {
  name: string;
  displayName: string;
}

/** A live, or the replay of one. */
export interface Live {
  uuid: string;
  name: string;
  state: State;
  startedAt: string | null;
  lowLatencyUrl: string;
  classicUrl: string;
  audioUrl: string;
  width: number;
  height: number;
  frameRate: number;
  videoCodec: string;
  audioCodec: string;
  bitrate: number;

  dvrUrl?: string;
  /** How far back viewers of a live may go. */
  dvrSeconds?: number;
  channel?: Named;
  description?: string;
  privacy?: Privacy;
  viewers?: number;
  views?: number;
  /** Path of a picture; of version 0 while there is none but a drawn card. */
  poster?: string;
  isLive?: boolean;
  /** Of a replay, in seconds. */
  duration?: number;
  vodUrl?: string;
  downloadUrl?: string;
  permanent?: boolean;
  /** The replay of the last broadcast of a permanent live. */
  nextRef?: string;
}

export interface NodeInfo {
  name: string;
  version: string;
  source?: string;
  rtmpPort?: number;
  encoder?: { live: string; key: string }[];
  hosts?: string[];
  /** The instance in one sentence. */
  short?: string;
  /** Somebody has gone through the first set-up. */
  setUp?: boolean;
  language?: string;
}

const base = "/api/v1/shoal/";

export async function getLives(): Promise<Live[]> {
  return (await call<{ lives: Live[] }>("GET", `${base}lives`)).lives;
}

/** @param token of unlock, for a live behind a password */
export function getLive(ref: string, token?: string): Promise<Live> {
  return call<Live>("GET", path`/api/v1/shoal/lives/${ref}` + query({ videoFileToken: token }));
}

export interface Unlocked {
  token: string;
  expires: string;
}

export function unlock(ref: string, password: string): Promise<Unlocked> {
  return call<Unlocked>("POST", path`/api/v1/shoal/lives/${ref}/unlock`, { json: { password }, bare: true });
}

export function getNode(): Promise<NodeInfo> {
  return call<NodeInfo>("GET", `${base}node`);
}

export interface About {
  instance: { name: string; shortDescription: string; description: string; terms: string };
}

export function getAbout(): Promise<About> {
  return call<About>("GET", "/api/v1/config/about");
}

/** Says whether a picture is one of the live's own, and not the card that the node draws. */
export function isPoster(path: string | undefined): path is string {
  return !!path && !/-0\.jpg(\?|$)/.test(path);
}

/**
 * Tells the node that somebody watches. The session is a random name for this page, known to nobody else.
 * @param token of unlock, for a live behind a password
 */
export function tellView(uuid: string, sessionId: string, currentTime: number, token?: string): Promise<void> {
  const address = path`/api/v1/videos/${uuid}/views` + query({ videoFileToken: token });
  return call("POST", address, { json: { currentTime: Math.floor(currentTime), sessionId } });
}
