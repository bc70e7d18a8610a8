// What a source carries, and when a change of it needs a new player. Pure.

/** Codecs by kind as they stand in a CODECS attribute; undefined where the kind is missing. */
export interface Tracks {
  video: string | undefined;
  audio: string | undefined;
}

/** Sorts the entries of a codec string ("avc1.64001f,mp4a.40.2") by what they are. */
export function parseCodecs(codecs: string): Tracks {
  const tracks: Tracks = { video: undefined, audio: undefined };
  for (const entry of codecs.split(",").map((c) => c.trim())) {
    if (entry === "") continue;
    if (/^(mp4a|opus|fLaC|ac-3|ec-3|alac|Opus)/.test(entry)) tracks.audio = entry;
    else tracks.video = entry;
  }
  return tracks;
}

/**
 * Says whether media that goes on with other tracks needs a new player. Another resolution or profile of the same codec
 * does not: browsers take it at a keyframe. A track that appears or goes, or another codec, does.
 */
export function needsNewPlayer(before: Tracks, after: Tracks): boolean {
  return family(before.video) !== family(after.video) || family(before.audio) !== family(after.audio);
}

function family(codec: string | undefined): string {
  if (codec === undefined) return "";
  const [name = "", object = "", type = ""] = codec.split(".");
  // For mp4a the codec is named by the object type ("40") and the audio object type ("2" AAC-LC, "5" HE-AAC).
  return name === "mp4a" ? `${name}.${object}.${type}` : name.toLowerCase();
}
