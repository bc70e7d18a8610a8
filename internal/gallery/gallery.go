// Package gallery owns the pictures of the instance's videos: it makes them when a live goes on the air or a replay appears,
// takes those that people send, and finds them again. A video without one gets a drawn card, made when somebody asks.
//
// It starts no goroutine but Run's caller's, which makes pictures one after the other. A picture that cannot be made is no
// fault of the live: it is left out. It never looks inside a picture (see internal/poster).
package gallery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"shoal/internal/blob"
	"shoal/internal/catalog"
	"shoal/internal/live"
	"shoal/internal/media"
	"shoal/internal/poster"
)

const (
	// waiting is how many pictures may wait to be made: one for each live of a busy evening.
	waiting = 64
	// patience is how long a live may take to show its first whole segment.
	patience = 15 * time.Second
	// cards is how many drawn cards are kept, of some 40 KB each: several pages of a list.
	cards = 128
)

// Catalog is what the gallery needs of the catalog.
type Catalog interface {
	Video(ctx context.Context, ref string) (catalog.Video, error)
	UpdateVideo(ctx context.Context, uuid string, c catalog.VideoChange) (catalog.Video, error)
}

// Store keeps the bytes.
type Store interface {
	PutPoster(uuid string, version int64, size blob.PosterSize, jpeg []byte) error
	Poster(uuid string, version int64, size blob.PosterSize) (path string, err error)
	RemovePosters(uuid string) error
}

// Streams finds what is on the air.
type Streams interface {
	Stream(media.LiveID) (*live.Stream, bool)
}

// Clip is the start of what can be seen: an init segment and a segment that begins with a keyframe.
type Clip struct{ Init, Segment []byte }

// Clips gives a clip of a replay.
type Clips interface {
	Clip(v *catalog.Video) (Clip, error)
}

// Gallery is safe for concurrent use.
type Gallery struct {
	catalog Catalog
	store   Store
	streams Streams
	clips   Clips
	log     *slog.Logger
	wanted  chan string // UUIDs of videos

	drawing sync.Mutex // one card at a time; taken before mu

	mu    sync.Mutex
	drawn map[string]poster.Set
}

// New makes a gallery.
func New(c Catalog, s Store, streams Streams, clips Clips, log *slog.Logger) *Gallery {
	return &Gallery{
		catalog: c, store: s, streams: streams, clips: clips, log: log,
		wanted: make(chan string, waiting), drawn: map[string]poster.Set{},
	}
}

// Want asks for a picture of a video that has none: a live that is going on the air, or a replay. It does not block.
func (g *Gallery) Want(uuid string) {
	select {
	case g.wanted <- uuid:
	default:
		g.log.Warn("a video gets no picture: too many at once", "video", uuid)
	}
}

// Run makes pictures until ctx ends.
func (g *Gallery) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case uuid := <-g.wanted:
			switch err := g.make(ctx, uuid); {
			case err == nil, ctx.Err() != nil, errors.Is(err, catalog.ErrNotFound):
			case errors.Is(err, poster.ErrNoDecoder):
				g.log.Debug("ffmpeg is not installed: pictures come from the studio's preview", "video", uuid)
			default:
				g.log.Warn("a picture could not be made", "video", uuid, "error", err)
			}
		}
	}
}

func (g *Gallery) make(ctx context.Context, uuid string) error {
	v, err := g.catalog.Video(ctx, uuid)
	if err != nil || v.Poster != 0 {
		return err
	}
	var c Clip
	if v.IsLive {
		c, err = g.first(ctx, v.LiveID())
	} else {
		c, err = g.clips.Clip(&v)
	}
	if err != nil {
		return err
	}
	if c.Segment == nil {
		return nil // it has no pictures
	}
	set, err := poster.FromSegment(ctx, c.Init, c.Segment)
	if err != nil {
		return err
	}
	// Somebody may have chosen one meanwhile.
	if v, err = g.catalog.Video(ctx, uuid); err != nil || v.Poster != 0 {
		return err
	}
	version, err := g.put(uuid, set)
	if err != nil {
		return err
	}
	_, err = g.catalog.UpdateVideo(ctx, uuid, catalog.VideoChange{Poster: &version})
	if errors.Is(err, catalog.ErrNotFound) {
		return errors.Join(err, g.store.RemovePosters(uuid))
	}
	return err
}

// first waits for the first whole segment of a live that begins with a keyframe.
func (g *Gallery) first(ctx context.Context, id media.LiveID) (Clip, error) {
	late := time.NewTimer(patience)
	defer late.Stop()
	look := time.NewTicker(500 * time.Millisecond)
	defer look.Stop()
	for {
		if s, ok := g.streams.Stream(id); ok {
			if c, done := clipOf(s.Window(media.Main)); done {
				return c, nil
			}
		}
		select {
		case <-look.C:
		case <-late.C:
			return Clip{}, fmt.Errorf("take a picture of a live: nothing to see for %v", patience)
		case <-ctx.Done():
			return Clip{}, ctx.Err()
		}
	}
}

// clipOf finds a segment to take a picture of; an empty clip and true if there will be none.
func clipOf(w *live.Window) (c Clip, done bool) {
	if w == nil {
		return Clip{}, false
	}
	for _, s := range w.Segments {
		switch {
		case s.Init.Track(media.Video) == nil:
			return Clip{}, true
		case !s.Complete || !s.Independent:
			continue
		}
		segment := make([]byte, 0, s.Size)
		for _, p := range s.Parts {
			for _, k := range p.Chunks {
				segment = append(segment, k.Data...)
			}
		}
		return Clip{s.Init.Data[media.Main], segment}, true
	}
	return Clip{}, false
}

// Put keeps a JPEG or PNG that somebody sent, in both sizes, under a new version. The error is poster's if it is no such
// picture.
func (g *Gallery) Put(uuid string, picture io.Reader) (version int64, err error) {
	set, err := poster.FromImage(picture)
	if err != nil {
		return 0, err
	}
	return g.put(uuid, set)
}

func (g *Gallery) put(uuid string, set poster.Set) (version int64, err error) {
	version = time.Now().UnixMilli() // names are cached for ever: a version never comes twice
	err = errors.Join(
		g.store.PutPoster(uuid, version, blob.Thumbnail, set.Miniature),
		g.store.PutPoster(uuid, version, blob.Preview, set.Preview),
	)
	if err != nil {
		return 0, fmt.Errorf("keep a picture: %w", err)
	}
	return version, nil
}

// Get gives a version of a video's picture as JPEG; a drawn card if the version is 0 or gone.
func (g *Gallery) Get(v *catalog.Video, version int64, preview bool) ([]byte, error) {
	size := blob.Thumbnail
	if preview {
		size = blob.Preview
	}
	if version != 0 {
		if path, err := g.store.Poster(v.UUID, version, size); err == nil {
			if b, err := os.ReadFile(path); err == nil {
				return b, nil
			}
		}
	}
	set, err := g.card(v.Name, v.Channel.DisplayName)
	if err != nil {
		return nil, err
	}
	if preview {
		return set.Preview, nil
	}
	return set.Miniature, nil
}

func (g *Gallery) card(name, channel string) (poster.Set, error) {
	key := name + "\x00" + channel
	g.mu.Lock()
	set, ok := g.drawn[key]
	g.mu.Unlock()
	if ok {
		return set, nil
	}
	// Everybody asks for the card of a live that begins, in one moment: it is drawn once.
	g.drawing.Lock()
	defer g.drawing.Unlock()
	g.mu.Lock()
	set, ok = g.drawn[key]
	g.mu.Unlock()
	if ok {
		return set, nil
	}
	set, err := poster.Card(name, channel)
	if err != nil {
		return poster.Set{}, fmt.Errorf("draw a card: %w", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for other := range g.drawn {
		if len(g.drawn) < cards {
			break
		}
		delete(g.drawn, other) // any
	}
	g.drawn[key] = set
	return set, nil
}
