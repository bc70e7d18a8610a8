// Package library owns the answers, for every request of media, to what the ways out must know: whether there is such a video, whether
// it may be had without asking or with the token that came along, and which recordings it is made of.
//
// What it has looked up stays good until the state changes. It starts no goroutine. It never serves anything, and never
// learns who is asking.
package library

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"shoal/internal/catalog"
	"shoal/internal/media"
)

const (
	// most is how many videos are remembered; beyond, all are looked up anew. One takes about a kilobyte.
	most = 4096
	// patience bounds a look-up: a request for media waits no longer for the state.
	patience = 2 * time.Second
)

// Catalog is what the library needs of the catalog.
type Catalog interface {
	Index() uint64
	Video(ctx context.Context, ref string) (catalog.Video, error)
}

// Tokens checks media tokens.
type Tokens interface {
	CheckMediaToken(ctx context.Context, v *catalog.Video, token string) error
}

// Library looks videos up. Safe for concurrent use.
type Library struct {
	catalog Catalog
	tokens  Tokens
	log     *slog.Logger

	mu    sync.RWMutex
	index uint64 // of the state that known was read from
	known map[string]*catalog.Video
}

// New makes a library.
func New(c Catalog, t Tokens, log *slog.Logger) *Library {
	return &Library{catalog: c, tokens: t, log: log, known: map[string]*catalog.Video{}}
}

// Video finds a video by its UUID. What it points to is shared: it must not be changed.
func (l *Library) Video(uuid string) (*catalog.Video, bool) {
	index := l.catalog.Index()
	l.mu.RLock()
	v := l.known[uuid]
	fresh := l.index == index
	l.mu.RUnlock()
	if fresh && v != nil {
		return v, true
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	found, err := l.catalog.Video(ctx, uuid)
	if err != nil {
		if !errors.Is(err, catalog.ErrNotFound) {
			l.log.Error("a video could not be looked up", "video", uuid, "error", err)
		}
		return nil, false
	}
	if found.UUID != uuid { // an address has one spelling, so that caches hold a file once
		return nil, false
	}
	l.remember(index, &found)
	return &found, true
}

func (l *Library) remember(index uint64, v *catalog.Video) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.index > index:
		return // somebody has read a later state
	case l.index < index || len(l.known) >= most:
		l.index = index
		clear(l.known)
	}
	l.known[v.UUID] = v
}

// Access is who may have media.
type Access uint8

// The answers to who asks for media.
const (
	Unknown   Access = iota // there is no such video
	Open                    // everybody may
	Admitted                // whoever has this token may
	Forbidden               // the token is missing, wrong or too old
)

// Admit says whether the media of a video may be had with a media token, "" for none.
func (l *Library) Admit(id media.LiveID, token string) Access {
	v, ok := l.Video(string(id))
	switch {
	case !ok:
		return Unknown
	case v.Privacy == catalog.Public || v.Privacy == catalog.Unlisted:
		return Open
	case token == "" || l.tokens.CheckMediaToken(context.Background(), v, token) != nil:
		return Forbidden
	}
	return Admitted
}
