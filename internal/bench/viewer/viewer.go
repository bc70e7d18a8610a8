// Package viewer owns the part of the audience: viewers who follow a live by low-latency HLS (RFC 8216bis) over one
// connection each, with a simulated player behind, and count what they see.
//
// It starts no goroutine: the caller gives each Run one. A viewer reads frames' send times from the marks in their bytes
// (internal/encoder/stamp) and never decodes anything.
package viewer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"shoal/internal/bench/wire"
	"shoal/internal/encoder/stamp"
)

// Options say what a viewer does.
type Options struct {
	Addr     string // host:port, a loopback address
	Playlist string // request target of a multivariant or media playlist
	Hint     bool   // fetch the part of EXT-X-PRELOAD-HINT before it is listed
	Look     bool   // look for marks in the media
	// Keep, if set, gets every body that is fetched while the counters are on, in order; the bytes are only valid
	// during the call.
	Keep func(playlist bool, body []byte)
}

// requestTimeout is longer than a node may hold a request (three target durations of 2 s).
const requestTimeout = 10 * time.Second

// Viewer follows one live. It belongs to one goroutine.
type Viewer struct {
	opt    Options
	counts *Counters
	client *wire.Client

	media  string // request target of the media playlist
	list   []byte
	parts  []part
	body   []byte
	pieces []piece // of body

	last    part // the newest part taken
	initURI string

	player    player
	firstSent time.Time // of the first frame that the player got
	marks     []mark
}

// piece says when the bytes before end had come.
type piece struct {
	end int
	at  time.Time
}

type mark struct {
	kind stamp.Kind
	age  time.Duration
}

// New makes a viewer. The error wraps wire.ErrLoopback. When ctx ends, Run does.
func New(ctx context.Context, opt Options, c *Counters) (*Viewer, error) {
	client, err := wire.New(ctx, opt.Addr)
	if err != nil {
		return nil, err
	}
	return &Viewer{opt: opt, counts: c, client: client, media: opt.Playlist}, nil
}

// pause is how long a viewer waits after a failure before it starts over, as a player's retry would.
const pause = 300 * time.Millisecond

// Run watches until ctx ends or the live does. Failures are counted, and the viewer joins again.
func (v *Viewer) Run(ctx context.Context) {
	defer v.client.Close()
	for ctx.Err() == nil {
		err := v.follow(ctx)
		if ctx.Err() != nil || err == nil {
			break
		}
		v.counts.fail(err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	if !v.firstSent.IsZero() {
		v.counts.Player.Add(v.player.delay(v.firstSent))
	}
}

// follow joins at the live edge and keeps up until something fails; nil is the end of the live.
func (v *Viewer) follow(ctx context.Context) error {
	p, err := v.join()
	if err != nil {
		return err
	}
	for !p.ended && ctx.Err() == nil {
		if v.opt.Hint && p.hint != "" {
			err := v.take(part{p.nextSegment, p.nextPart, p.hint, p.partTarget, false}, true)
			if err != nil && !errors.Is(err, errStatus) { // a false hint is no failure: the playlist will tell
				return err
			}
		}
		if p, err = v.reload(p); err != nil {
			return err
		}
		if err := v.catchUp(p); err != nil {
			return err
		}
	}
	return ctx.Err()
}

var (
	errEmpty = errors.New("less is listed than a player needs to start")
	errBlock = errors.New("the playlist cannot be followed part by part")
	// errStatus is an answer with another status than 200.
	errStatus = errors.New("unexpected status")
)

// join finds the media playlist and starts where a player would: at the hold-back, and from there at the last part
// before where decoding can begin.
func (v *Viewer) join() (playlist, error) {
	text, err := v.text(v.media)
	if err != nil {
		return playlist{}, err
	}
	if uri := firstVariant(text); uri != "" {
		v.media = resolve(v.media, uri)
		if text, err = v.text(v.media); err != nil {
			return playlist{}, err
		}
	}
	p := v.parse(text)
	switch {
	case len(p.parts) == 0 || p.length() < p.holdBack && !p.ended:
		return p, errEmpty
	case !p.canBlock || p.partTarget == 0:
		return p, errBlock
	}
	v.initURI = ""
	if err := v.takeInit(p); err != nil {
		return p, err
	}
	i, left := len(p.parts), p.holdBack
	for i > 0 && left > 0 {
		i--
		left -= p.parts[i].duration
	}
	i = min(i, len(p.parts)-1)
	for i > 0 && !p.parts[i].independent {
		i--
	}
	v.player, v.firstSent = player{}, time.Time{} // a player that starts over
	for _, q := range p.parts[i:] {
		if err := v.take(q, false); err != nil {
			return p, err
		}
	}
	return p, nil
}

// reload waits for the playlist that has what comes next.
func (v *Viewer) reload(p playlist) (playlist, error) {
	b := append(make([]byte, 0, len(v.media)+64), v.media...)
	b = append(b, "?_HLS_msn="...)
	b = strconv.AppendUint(b, p.nextSegment, 10)
	b = append(b, "&_HLS_part="...)
	b = strconv.AppendInt(b, int64(p.nextPart), 10)
	if p.canSkip {
		b = append(b, "&_HLS_skip=YES"...)
	}
	text, err := v.text(string(b))
	if err != nil {
		return playlist{}, err
	}
	return v.parse(text), nil
}

func (v *Viewer) parse(text string) playlist {
	p := parse(text, v.parts)
	v.parts = p.parts
	return p
}

// catchUp takes what a playlist has beyond the last part taken.
func (v *Viewer) catchUp(p playlist) error {
	i := len(p.parts)
	for i > 0 && p.parts[i-1].after(v.last) {
		i--
	}
	if i == 0 && len(p.parts) > 0 && p.parts[0].segment > v.last.segment+1 && v.counts.on.Load() {
		v.counts.Skips.Add(1)
	}
	if i < len(p.parts) {
		if err := v.takeInit(p); err != nil {
			return err
		}
	}
	for _, q := range p.parts[i:] {
		if err := v.take(q, true); err != nil {
			return err
		}
	}
	return nil
}

func (v *Viewer) takeInit(p playlist) error {
	if p.initURI == "" || p.initURI == v.initURI {
		return nil
	}
	if err := v.fetch(p.initURI); err != nil {
		return err
	}
	v.initURI = p.initURI
	return nil
}

// take downloads one part and does all the accounting of it. live says that the part is new, so that its frames' ages
// say something of the server.
func (v *Viewer) take(q part, live bool) error {
	if err := v.fetch(q.uri); err != nil {
		return err
	}
	if v.opt.Look {
		v.look(live)
	}
	if stall := v.player.feed(time.Now(), q.duration); stall > 0 && v.counts.on.Load() {
		v.counts.Stalls.Add(1)
		v.counts.Stalled.Add(int64(stall))
	}
	v.last = q
	return nil
}

// look reads the marks of the body at hand.
func (v *Viewer) look(live bool) {
	v.marks = v.marks[:0]
	at, video := 0, false
	stamp.Scan(v.body, func(offset int, m stamp.Mark) {
		for at+1 < len(v.pieces) && v.pieces[at].end < offset+stamp.Len {
			at++
		}
		if v.firstSent.IsZero() {
			v.firstSent = m.Sent
		}
		video = video || m.Kind == stamp.Video
		v.marks = append(v.marks, mark{m.Kind, v.pieces[at].at.Sub(m.Sent)})
	})
	if !live || !v.counts.on.Load() {
		return
	}
	for _, m := range v.marks {
		if !video || m.kind == stamp.Video {
			v.counts.Frame.Add(m.age)
		}
	}
}

// text fetches a playlist.
func (v *Viewer) text(target string) (string, error) {
	v.list = v.list[:0]
	began := time.Now()
	res, err := v.client.Get(target, requestTimeout, func(b []byte) { v.list = append(v.list, b...) })
	if err != nil {
		return "", err
	}
	if res.Status != 200 {
		return "", fmt.Errorf("fetch a playlist: %w: %d", errStatus, res.Status)
	}
	v.counts.request(res.Bytes, true, time.Since(began))
	if v.opt.Keep != nil && v.counts.on.Load() {
		v.opt.Keep(true, v.list)
	}
	return string(v.list), nil
}

// fetch downloads media into body, if anybody wants to see it.
func (v *Viewer) fetch(uri string) error {
	var sink func([]byte)
	if v.opt.Look || v.opt.Keep != nil {
		v.body, v.pieces = v.body[:0], v.pieces[:0]
		sink = func(b []byte) {
			v.body = append(v.body, b...)
			v.pieces = append(v.pieces, piece{len(v.body), time.Now()})
		}
	}
	began := time.Now()
	res, err := v.client.Get(resolve(v.media, uri), requestTimeout, sink)
	if err != nil {
		return err
	}
	if res.Status != 200 {
		return fmt.Errorf("fetch media: %w: %d", errStatus, res.Status)
	}
	v.counts.request(res.Bytes, false, time.Since(began))
	if v.opt.Keep != nil && v.counts.on.Load() {
		v.opt.Keep(false, v.body)
	}
	return nil
}

// Await asks for a live's playlists every few milliseconds until media is listed, and returns when that was seen. The
// error is that of ctx, or wraps wire.ErrLoopback.
func Await(ctx context.Context, addr, playlist string) (time.Time, error) {
	v, err := New(ctx, Options{Addr: addr, Playlist: playlist}, &Counters{})
	if err != nil {
		return time.Time{}, err
	}
	defer v.client.Close()
	const interval = 5 * time.Millisecond
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		text, err := v.text(v.media)
		if uri := firstVariant(text); err == nil && uri != "" {
			v.media = resolve(v.media, uri)
			continue
		}
		if err == nil && len(v.parse(text).parts) > 0 {
			return time.Now(), nil
		}
		select {
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("wait for a live: %w", ctx.Err())
		case <-t.C:
		}
	}
}
