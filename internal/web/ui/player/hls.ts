// HlsSource plays through hls.js: every browser with MediaSource or ManagedMediaSource.
import Hls, { ErrorTypes, Events, type HlsConfig, type LoadPolicy, type TrackSet } from "hls.js/light";
import type { Trouble } from "./recovery.ts";
import type { Mode, Position, Source, SourceListener } from "./source.ts";
import { needsNewPlayer, parseCodecs, type Tracks } from "./tracks.ts";

/** One try: what to do when it fails is decided by Recovery, which also knows what the node says of the live. */
function once(firstByte: number, whole: number): LoadPolicy {
  return { default: { maxTimeToFirstByteMs: firstByte, maxLoadTimeMs: whole, timeoutRetry: null, errorRetry: null } };
}

const config: Partial<HlsConfig> = {
  lowLatencyMode: true,
  // fMP4 goes to the browser as it comes: a worker would only add a message each way.
  enableWorker: false,
  // The default (1) would move the start one second from the edge with every stall; CatchUp moves the target itself.
  liveSyncOnStallIncrease: 0.15,
  // An early keyframe or a lost frame leaves holes of a few frames; with the default (0.1) playback stops at them.
  maxBufferHole: 0.3,
  // CatchUp steers: see there.
  maxLiveSyncPlaybackRate: 1,
  // A live is not rewound. Phones have little memory.
  backBufferLength: 8,
  maxBufferLength: 10,
  maxMaxBufferLength: 20,
  testBandwidth: false,
  enableDateRangeMetadataCues: false,
  enableEmsgMetadataCues: false,
  enableID3MetadataCues: false,
  manifestLoadPolicy: once(8_000, 10_000),
  // A node holds a request for three target durations (6 s) and then answers 503.
  playlistLoadPolicy: once(9_000, 12_000),
  fragLoadPolicy: once(6_000, 20_000),
};

/** What is another thing for what lies on the node's disk: it is there to be sought in, and its delay is no matter. */
function configOf(mode: Mode): Partial<HlsConfig> {
  if (mode.kind === "live") return config;
  const stored = { ...config, lowLatencyMode: false, backBufferLength: 30, maxBufferLength: 30, maxMaxBufferLength: 60 };
  if (mode.kind === "replay") return { ...stored, startPosition: mode.start };
  return { ...stored, liveSyncDuration: Math.max(1, mode.start), liveMaxLatencyDuration: Infinity };
}

export class HlsSource implements Source {
  private readonly hls: Hls;
  private tracks: Tracks | undefined;

  static get supported(): boolean {
    return Hls.isSupported();
  }

  constructor(
    private readonly video: HTMLVideoElement,
    url: string,
    private readonly mode: Mode,
    private readonly listener: SourceListener,
  ) {
    this.hls = new Hls(configOf(mode));
    this.hls.on(Events.ERROR, (_, e) => {
      // A token that has run out is no use a second time: the node is asked for new addresses.
      if (e.fatal) this.listener.trouble(e.response?.code === 403 ? "other" : kindOf(e.type), e.details);
    });
    this.hls.on(Events.FRAG_LOADED, (_, { frag, part, payload }) => {
      if (frag.sn !== "initSegment") this.listener.loaded(payload.byteLength, part ? part.duration : frag.duration);
    });
    this.hls.on(Events.BUFFER_CODECS, (_, set) => this.compare(set as TrackSet));
    this.hls.loadSource(url);
    this.hls.attachMedia(video);
  }

  get way(): Source["way"] {
    if (this.mode.kind === "dvr") return "dvr";
    if (this.mode.kind === "replay") return "vod";
    return this.hls.latestLevelDetails?.partTarget ? "lowLatency" : "classic";
  }

  position(): Position | undefined {
    const details = this.hls.latestLevelDetails;
    const media = this.hls.media;
    if (this.mode.kind === "replay" || !details || !media || media.readyState === 0) return undefined;
    // A live whose list has ended is only over when it has been played to its end.
    if (!details.live && this.mode.kind === "live") return undefined;
    const step = details.partTarget || details.targetduration;
    // The edge moves on with time, but not for ever: an encoder that is away makes nothing to catch up with.
    const edge = details.edge + (details.live ? Math.min(details.age, 2 * step) : 0);
    const holdBack = details.partHoldBack || details.holdBack || 3 * details.targetduration;
    return { delay: edge - media.currentTime, holdBack };
  }

  reach(): number | undefined {
    const details = this.hls.latestLevelDetails;
    const first = details?.fragments[0];
    return details && first && this.mode.kind !== "replay" ? details.edge - first.start : undefined;
  }

  suspend(): void {
    this.hls.stopLoad();
  }

  resume(): void {
    this.hls.startLoad(this.mode.kind === "live" ? -1 : this.video.currentTime);
  }

  mend(): void {
    this.hls.recoverMediaError();
  }

  close(): void {
    this.hls.destroy();
  }

  private compare(set: TrackSet): void {
    const codecs = [set.video, set.audio, set.audiovideo].flatMap((t) => (t ? [t.codec ?? t.levelCodec ?? ""] : []));
    if (codecs.length === 0) return;
    const now = parseCodecs(codecs.join(","));
    if (this.tracks && needsNewPlayer(this.tracks, now)) this.listener.changed();
    else this.tracks = now;
  }
}

function kindOf(type: ErrorTypes): Trouble {
  switch (type) {
    case ErrorTypes.NETWORK_ERROR:
      return "network";
    case ErrorTypes.MEDIA_ERROR:
      return "media";
    default:
      return "other";
  }
}
