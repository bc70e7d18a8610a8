package rest

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"sync"
	"testing"
	"time"

	"shoal/internal/blob"
	"shoal/internal/broadcast"
	"shoal/internal/catalog"
	"shoal/internal/media"
	"shoal/internal/poster"
)

// fakeLives are lives on the air as the tests say.
type fakeLives struct {
	catalog *catalog.Catalog

	mu       sync.Mutex
	status   map[media.LiveID]broadcast.Status
	expelled []media.LiveID
}

func (l *fakeLives) set(v catalog.Video, st broadcast.State, session catalog.Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.status[v.LiveID()] = broadcast.Status{
		Live:  broadcast.Live{ID: v.LiveID(), Name: v.Name, Owner: v.Channel.Account.UserID},
		State: st, Since: session.Start, Started: session.Start, Session: session.UUID,
	}
}

func (l *fakeLives) change(id media.LiveID, f func(*broadcast.Status)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	st := l.status[id]
	f(&st)
	l.status[id] = st
}

func (l *fakeLives) Get(id media.LiveID) (broadcast.Status, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	st, ok := l.status[id]
	return st, ok
}

func (l *fakeLives) Running() (all []broadcast.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, st := range l.status {
		if st.State == broadcast.Running || st.State == broadcast.Interrupted {
			all = append(all, st)
		}
	}
	return all
}

func (l *fakeLives) End(ctx context.Context, id media.LiveID) error {
	st, ok := l.Get(id)
	if !ok || st.State == broadcast.Ended {
		return broadcast.ErrNotRunning
	}
	if _, err := l.catalog.EndSession(ctx, catalog.EndSession{UUID: st.Session, At: st.Started.Add(time.Minute)}); err != nil {
		return err
	}
	l.change(id, func(st *broadcast.Status) { st.State = broadcast.Ended })
	return nil
}

func (l *fakeLives) Expel(id media.LiveID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expelled = append(l.expelled, id)
}

// fakeStorage remembers what was removed.
type fakeStorage struct {
	mu      sync.Mutex
	removed []string
	err     error
}

func (f *fakeStorage) Disk() blob.Disk {
	return blob.Disk{Free: 500, Total: 1000, Reserve: 600, Low: true}
}
func (f *fakeStorage) Usage() int64 { return 400 }

func (f *fakeStorage) Remove(session string) error      { return f.remove("recording " + session) }
func (f *fakeStorage) RemovePosters(video string) error { return f.remove("posters " + video) }

func (f *fakeStorage) remove(what string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.removed = append(f.removed, what)
	return f.err
}

// fakePosters count the pictures of each video.
type fakePosters struct {
	mu   sync.Mutex
	kept map[string]int64
}

func (f *fakePosters) Get(v *catalog.Video, version int64, preview bool) ([]byte, error) {
	return fmt.Appendf(nil, "jpeg of %s %d %v", v.Name, version, preview), nil
}

func (f *fakePosters) Put(uuid string, picture io.Reader) (int64, error) {
	if _, err := poster.FromImage(picture); err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kept[uuid]++
	return f.kept[uuid], nil
}

type fakeNode struct{}

func (fakeNode) Status() NodeStatus {
	return NodeStatus{Node: "n1", Leader: "n1", Term: 3, Applied: 77, Started: time.Now().Add(-time.Hour)}
}

// picture is a small JPEG.
func picture(t testing.TB) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 32, 18))
	img.Set(3, 3, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// fakeDownloads are files of 4,321 bytes.
type fakeDownloads struct{}

func (fakeDownloads) Size(*catalog.Video) int64 { return 4321 }
