// Timeline knows how far a viewer can go back in a live, and which way leads there. Pure.

export interface Reach {
  /** How far back the node lets viewers go, in s; 0 if not at all. */
  dvrSeconds: number;
  /** How long the broadcast has been running, in s; undefined if that is not known. */
  running: number | undefined;
  /** How far back what is playing reaches, in s; undefined while that is not known. */
  source: number | undefined;
}

/** Nearer to the edge than this is the live itself, in s. */
export const atEdge = 4;

/** The first segments of a list in memory leave it while they are asked for: so much of it is left out, in s. */
const margin = 8;

/** With less than this to go back there is nothing worth a bar, in s. */
const worthwhile = 15;

/** How far back a viewer can go, in s; 0 if that is not worth a bar. */
export function length({ dvrSeconds, running, source = 0 }: Reach): number {
  // The clocks of two machines differ: a broadcast that began in the future says nothing.
  const since = running !== undefined && running > 0 ? running : Infinity;
  const far = dvrSeconds > 0 ? Math.max(Math.min(dvrSeconds, since), Math.min(source, dvrSeconds)) : 0;
  return far >= worthwhile ? far : 0;
}

/** The way to a place so many seconds behind the edge. */
export function wayTo(behind: number, way: "live" | "dvr", reach: number | undefined): "edge" | "here" | "dvr" {
  if (behind <= atEdge) return "edge";
  if (way === "dvr") return "here";
  return reach !== undefined && behind <= reach - margin ? "here" : "dvr";
}
