// What other people's parsers say of playlists and media. Reads {"playlists": [{name, text}], "movies": [{name, init, media}]} from
// standard input (init and media in base64) and writes one verdict for each, in order, to standard output.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { Parser } from 'm3u8-parser';
import { createFile } from 'mp4box';

const HLS = createRequire(import.meta.url)('hls-parser');
HLS.setOptions({ strictMode: true });

// hls-parser takes "parts are listed for three target durations" for "three segments have parts", which is wrong where
// segments are shorter than the target duration. Only this one complaint is set aside: the parts of older segments are
// taken out, and all else is held against the rest.
const countOfSegments = 'Remove EXT-X-PART tags from the Playlist after they are greater than three target durations';
const mayHaveParts = 3;

function withoutOldParts(text) {
  const lines = text.split('\n');
  const extinf = lines.reduce((n, l) => n + l.startsWith('#EXTINF'), 0);
  const open = lines.slice(lines.findLastIndex((l) => l.startsWith('#EXTINF'))).some((l) => l.startsWith('#EXT-X-PART:') || l.startsWith('#EXT-X-PRELOAD-HINT'));
  const keepFrom = extinf + (open ? 1 : 0) - mayHaveParts;
  let segment = 0;
  return lines.filter((l) => {
    if (l.startsWith('#EXTINF')) segment++;
    return !(l.startsWith('#EXT-X-PART:') && segment < keepFrom);
  }).join('\n');
}

function hlsParser({ text }) {
  const read = (t) => {
    const p = HLS.parse(t);
    if (p.isMasterPlaylist) return { variants: p.variants.length };
    return {
      // A segment of which only a hint is there is none yet.
      segments: p.segments.filter((s) => s.uri || s.parts.some((q) => !q.hint)).length,
      parts: p.segments.reduce((n, s) => n + s.parts.filter((q) => !q.hint).length, 0),
      partTarget: p.partTargetDuration ?? 0,
      target: p.targetDuration,
      lowLatency: Boolean(p.lowLatencyCompatibility),
      discontinuities: p.segments.filter((s) => s.discontinuity).length,
      ended: p.endlist,
    };
  };
  try {
    return read(text);
  } catch (e) {
    if (!e.message.includes(countOfSegments)) return { complaints: [e.message] };
  }
  try {
    return { ...read(withoutOldParts(text)), setAside: true };
  } catch (e) {
    return { complaints: [e.message] };
  }
}

function m3u8Parser({ text }) {
  const complaints = [];
  const parser = new Parser();
  for (const kind of ['info', 'warn', 'error']) parser.on(kind, (e) => complaints.push(e.message));
  try {
    parser.push(text);
    parser.end();
  } catch (e) {
    return { complaints: [...complaints, e.message] };
  }
  const m = parser.manifest;
  if (m.playlists) return { complaints, variants: m.playlists.length };
  return {
    complaints,
    segments: m.segments.length + (m.preloadSegment?.parts?.length ? 1 : 0),
    parts: [...m.segments, m.preloadSegment ?? {}].reduce((n, s) => n + (s.parts?.length ?? 0), 0),
    partTarget: m.partInf?.partTarget ?? 0,
    target: m.targetDuration,
    lowLatency: Boolean(m.serverControl?.canBlockReload),
    discontinuities: m.discontinuityStarts.length,
    ended: Boolean(m.endList),
  };
}

function mp4Box({ init, media }) {
  const file = createFile();
  const complaints = [];
  let tracks;
  file.onError = (module, message) => complaints.push(`${module}: ${message}`);
  file.onReady = (info) => {
    tracks = info.tracks.map((t) => ({
      id: t.id, codec: t.codec, timescale: t.timescale, width: t.video?.width ?? 0, height: t.video?.height ?? 0,
      rate: t.audio?.sample_rate ?? 0, samples: 0, duration: 0, sync: 0,
    }));
    for (const t of info.tracks) file.setExtractionOptions(t.id, t.id, { nbSamples: 1 });
    file.start();
  };
  file.onSamples = (id, _, samples) => {
    const t = tracks.find((x) => x.id === id);
    for (const s of samples) {
      if (s.data.byteLength !== s.size || s.size === 0) complaints.push(`track ${id}: a sample has ${s.data.byteLength} of ${s.size} bytes`);
      t.samples++;
      t.duration += s.duration;
      t.sync += s.is_sync ? 1 : 0;
    }
  };
  let at = 0;
  for (const text of [init, media]) {
    const bytes = Uint8Array.from(Buffer.from(text, 'base64')).buffer;
    bytes.fileStart = at;
    at += bytes.byteLength;
    file.appendBuffer(bytes);
  }
  file.flush();
  if (!tracks) return { complaints: [...complaints, 'no moov was found'], tracks: [], fragments: 0 };
  // mp4box itself puts samples one behind the other, whatever their fragments say.
  const next = {};
  for (const { tfhd, tfdt, truns } of file.moofs.flatMap((m) => m.trafs)) {
    const id = tfhd.track_id;
    const begins = tfdt.baseMediaDecodeTime;
    if (next[id] !== undefined && begins !== next[id]) complaints.push(`track ${id}: a fragment begins at ${begins}, the one before ended at ${next[id]}`);
    tracks.find((t) => t.id === id).first ??= begins;
    next[id] = begins;
    for (const run of truns) {
      for (let i = 0; i < run.sample_count; i++) next[id] += run.sample_duration[i] ?? tfhd.default_sample_duration;
    }
  }
  return { complaints, tracks, fragments: file.moofs.length };
}

// Verdicts alone go to standard output: libraries talk to the console.
console.log = console.info = console.debug = console.error;

const task = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify({
  hlsParser: task.playlists.map(hlsParser),
  m3u8Parser: task.playlists.map(m3u8Parser),
  mp4Box: task.movies.map(mp4Box),
}));
