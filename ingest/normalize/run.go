package normalize

import (
	"time"

	"shoal/internal/media"
)

// videoTimescale is the clock of video: it holds milliseconds exactly, and the frames of all usual rates.
const videoTimescale = 90000

// run is what one Begin opened.
type run struct {
	open   bool
	origin int64       // time 0, on the encoder's clock, in milliseconds
	video  media.Codec // of the run's tracks, nil if it has none
	audio  media.Codec
	rate   uint32 // timescale of audio
}

// Interfaces that codecs of a kind have beside media.Codec.
type (
	pictured interface {
		Width() int
		Height() int
	}
	sampled interface {
		SampleRate() int
		Channels() int
	}
)

// begin opens a run whose time 0 is the given time of the encoder's clock.
func (n *Normalizer) begin(reason string, origin int64) error {
	n.run = run{open: true, origin: origin, video: n.video.codec, audio: n.audio.codec}
	b := media.Begin{
		VideoExpected: n.announced.Video || n.video.codec != nil,
		Reason:        reason,
	}
	if c := n.run.video; c != nil {
		t := media.Track{
			ID: VideoTrack, Codec: c, Timescale: videoTimescale, Language: "und",
			FrameRate: n.declaredRate(), Bitrate: max(n.announced.VideoBitrate, 0),
		}
		if p, ok := c.(pictured); ok {
			t.Width, t.Height = p.Width(), p.Height()
		}
		b.Tracks = append(b.Tracks, t)
	}
	if c := n.run.audio; c != nil {
		// 48 kHz is the clock of codecs that do not tell a rate (Opus).
		t := media.Track{ID: AudioTrack, Codec: c, Timescale: 48000, Language: "und", Bitrate: max(n.announced.AudioBitrate, 0)}
		if s, ok := c.(sampled); ok && s.SampleRate() > 0 {
			t.Timescale, t.Channels = uint32(s.SampleRate()), s.Channels()
		}
		n.run.rate = t.Timescale
		b.Tracks = append(b.Tracks, t)
	}
	n.video.beginRun()
	n.audio.beginRun(n.run.audio, n.run.rate)
	n.stats.Runs++
	n.stats.LastReason = reason
	n.cfg.Metrics.run(reason)
	return n.sink.Begin(b)
}

// jumped is the reason for a run after a step of the track's clock: "late" if the encoder sent nothing meanwhile, or
// sent the other track, "clock" if only its clock moved. No cut depends on it.
func jumped(step int64, silent time.Duration) string {
	if step > 0 && silent >= time.Duration(step)*time.Millisecond/2 {
		return "late"
	}
	return "clock"
}

// emit hands a unit on.
func (n *Normalizer) emit(s *sample, track uint32, dts, pts, duration int64) error {
	n.stats.of(s.kind).Units++
	n.cfg.Metrics.unit(s.kind)
	return n.sink.Unit(media.Unit{
		Track: track, DTS: dts, PTS: pts, Duration: duration, Key: s.key, Recovery: s.recovery,
		Payload: s.payload, Arrival: s.arrival,
	})
}
