package normalize

import (
	"bytes"
	"time"

	"shoal/ingest"
	"shoal/internal/media"
)

// Track numbers: the first video and the first audio track of an encoder.
const (
	VideoTrack uint32 = 1
	AudioTrack uint32 = 2
)

const (
	// patienceTracks is how long, since the first packet, a track is waited for that was announced or whose
	// parameters are there. It fits into the 400 ms that a start may take: what was waited for is more than a part.
	patienceTracks = 300 * time.Millisecond
	// patienceKey is how long a picture is waited for that a decoder can start at. Streams with intra refresh may have
	// none at all; and no viewer should look at nothing for longer.
	patienceKey = 4 * time.Second
)

// Sink takes what comes out. Every run opens with Begin; its units follow, each track's by increasing DTS. An error
// comes back from Normalizer.Packet as it is.
type Sink interface {
	Begin(media.Begin) error
	Unit(media.Unit) error
}

// Config has the collaborators of a Normalizer, all optional.
type Config struct {
	Metrics *Metrics // shared by the normalizers of a node
}

// Normalizer makes units of the packets of one session. It belongs to one goroutine.
type Normalizer struct {
	sink Sink
	cfg  Config

	announced ingest.Announcement
	video     videoTrack
	audio     audioTrack
	run       run
	wait      queue // what came in before the first run
	stats     Stats

	seen  bool      // a packet came
	first time.Time // its arrival
	last  int64     // the encoder's time of the last packet, unwrapped, in milliseconds
}

// sample is one access unit on its way through.
type sample struct {
	kind     media.Kind
	codec    media.Codec // whose parameters it needs
	time     int64       // decode time on the encoder's clock, unwrapped, in milliseconds
	offset   int32       // presentation minus decode time, in milliseconds
	key      bool
	recovery bool
	payload  []byte
	arrival  time.Time
}

func (s *sample) independent() bool { return s.key || s.recovery }

// New makes a normalizer that hands what it makes to sink.
func New(sink Sink, cfg Config) *Normalizer {
	n := &Normalizer{sink: sink, cfg: cfg}
	n.wait.limit = waitSpan
	n.audio.held.limit = holdSpan
	n.audio.patience = minPatience
	return n
}

// Announce takes what the encoder says of what it will send. It may come again; what a running session is cut by does
// not change then.
func (n *Normalizer) Announce(a ingest.Announcement) { n.announced = a }

// Packet takes the next thing that the encoder said. What cannot be used is dropped and counted; the error is the
// sink's, and ends the session.
func (n *Normalizer) Packet(p ingest.Packet) error {
	t := n.unwrap(p)
	if p.Codec != nil {
		n.declare(p.Codec)
		return nil
	}
	codec := n.declared(p.Kind)
	switch {
	case p.Kind != media.Video && p.Kind != media.Audio:
		return nil
	case codec == nil:
		n.drop(p.Kind, DropNoParameters)
		return nil
	case len(p.Data) == 0:
		n.drop(p.Kind, DropEmpty)
		return nil
	}
	a, err := codec.Access(p.Data)
	if err != nil {
		n.drop(p.Kind, DropDamaged)
		return nil
	}
	if a.Next != nil {
		n.declare(a.Next)
		codec = n.declared(p.Kind)
	}
	if len(a.Payload) == 0 {
		if a.Next == nil {
			n.drop(p.Kind, DropEmpty)
		}
		return nil
	}
	return n.sample(sample{
		kind: p.Kind, codec: codec, time: t, offset: p.Offset, key: a.Key, recovery: a.Recovery,
		payload: a.Payload, arrival: p.Arrival,
	})
}

// unwrap makes 64 bits of the encoder's 32: the time nearest to the one before, of whichever track. Steps of up to 24
// days either way are told apart; the tracks' small steps back against each other are such steps.
func (n *Normalizer) unwrap(p ingest.Packet) int64 {
	if !n.seen {
		n.seen, n.first, n.last = true, p.Arrival, int64(p.Time)
	}
	n.last += int64(int32(p.Time - uint32(n.last)))
	return n.last
}

// declare puts parameters in force. Encoders repeat them (GStreamer with every change of a tag): equal ones change
// nothing.
func (n *Normalizer) declare(c media.Codec) {
	switch c.Kind() {
	case media.Video:
		if same(c, n.video.codec) {
			return
		}
		if same(c, n.run.video) {
			c = n.run.video
		}
		n.video.codec = c
		n.video.refused = time.Time{}
		n.discard(&n.wait, media.Video, DropParameters)
	case media.Audio:
		if same(c, n.audio.codec) {
			return
		}
		if same(c, n.run.audio) {
			c = n.run.audio
		}
		n.audio.codec = c
		n.audio.refused = time.Time{}
		n.discard(&n.wait, media.Audio, DropParameters)
		n.discard(&n.audio.held, media.Audio, DropParameters)
	}
}

func (n *Normalizer) declared(k media.Kind) media.Codec {
	if k == media.Video {
		return n.video.codec
	}
	return n.audio.codec
}

func same(a, b media.Codec) bool {
	return a != nil && b != nil && a.Name() == b.Name() && bytes.Equal(a.Config(), b.Config())
}

// sample takes an access unit with parameters.
func (n *Normalizer) sample(s sample) error {
	switch {
	case !n.run.open:
		return n.starting(s)
	case s.kind == media.Video:
		return n.videoSample(s)
	default:
		s.time += n.audio.shift
		return n.audioSample(s)
	}
}
