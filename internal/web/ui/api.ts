// The JSON interface of the node: what api.go answers.

export type State = "waiting" | "live" | "interrupted" | "ended";

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
}

export interface NodeInfo {
  name: string;
  version: string;
  source?: string;
  rtmpPort?: number;
  encoder?: { live: string; key: string }[];
  hosts?: string[];
}

/** The node answered, but does not know what was asked for. */
export class NotHere extends Error {}

const base = "/api/v1/shoal/";
const patience = 5000; // ms

async function get<T>(path: string): Promise<T> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), patience);
  try {
    const answer = await fetch(base + path, { signal: stop.signal, cache: "no-store" });
    if (answer.status === 404) throw new NotHere(path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return (await answer.json()) as T;
  } finally {
    clearTimeout(timer);
  }
}

export async function getLives(): Promise<Live[]> {
  return (await get<{ lives: Live[] }>("lives")).lives;
}

export function getLive(id: string): Promise<Live> {
  return get<Live>(`lives/${encodeURIComponent(id)}`);
}

export function getNode(): Promise<NodeInfo> {
  return get<NodeInfo>("node");
}
