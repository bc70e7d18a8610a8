// What the owner of a live sees of it.
import { call, path } from "./call.ts";
import type { Live, Privacy, State } from "./lives.ts";

export type Severity = "info" | "warning" | "error";

export interface Finding {
  code: string;
  severity: Severity;
  since: string;
  values: Record<string, number> | null;
  /** What it means and what to do, in English. */
  text: string;
}

export interface Sample {
  /** Unix time in ms. */
  t: number;
  /** bit/s */
  bitRate: number;
  frames: number;
}

export interface Studio {
  live: Live;
  rtmpUrl: string;
  rtmpUrls: string[];
  streamKey: string;
  state: State;
  since: string | null;
  encoder: string;
  protocol: string;
  session: { start: string; seconds: number } | null;
  recording: { on: boolean; bytes: number; seconds: number; error: string };
  viewers: number;
  bitRate: number;
  frameRate: number;
  /** Seconds. */
  keyInterval: number;
  samples: Sample[] | null;
  findings: Finding[] | null;
  takeover: number;
  permanent: boolean;
  saveReplay: boolean;
  replayPrivacy: Privacy;
  /** Set up by the configuration of the node: only that changes it. */
  declared: boolean;
}

export function getStudio(ref: string): Promise<Studio> {
  return call("GET", path`/api/v1/shoal/studio/${ref}`);
}

export function endBroadcast(ref: string): Promise<void> {
  return call("POST", path`/api/v1/shoal/studio/${ref}/end`, { patience: 20_000 });
}

export function rotateKey(ref: string): Promise<{ streamKey: string }> {
  return call("POST", path`/api/v1/shoal/studio/${ref}/key`);
}
