package vod

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func newTestShelf() (*shelf, *int) {
	n := 0
	return newShelf(func(time.Time) { n++ }), &n
}

func TestShelf(t *testing.T) {
	s, wrote := newTestShelf()
	want := noise(1000)
	text := func(of edition) string {
		t.Helper()
		got, err := s.find(title{uuid: "a"}, of, func() ([]byte, error) { return want, nil })
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := got.plain(); err != nil || !bytes.Equal(plain, want) {
			t.Errorf("another text: %v", err)
		}
		return got.tag
	}
	first := text(edition{sessions: "x", segments: 1})
	if text(edition{sessions: "x", segments: 1}) != first || *wrote != 1 {
		t.Errorf("written %d times", *wrote)
	}
	if text(edition{sessions: "x", segments: 2}) != first || *wrote != 2 {
		t.Errorf("another edition: written %d times", *wrote)
	}
	refused := errors.New("refused")
	if _, err := s.find(title{uuid: "b"}, edition{}, func() ([]byte, error) { return nil, refused }); !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	if _, err := s.find(title{uuid: "b"}, edition{}, func() ([]byte, error) { return want, nil }); err != nil {
		t.Errorf("what was refused is kept: %v", err)
	}
}

func TestShelfIsBounded(t *testing.T) {
	s, wrote := newTestShelf()
	put := func(uuid string, n int) {
		t.Helper()
		if _, err := s.find(title{uuid: uuid}, edition{}, func() ([]byte, error) { return noise(n), nil }); err != nil {
			t.Fatal(err)
		}
		if s.bytes() > maxShelfBytes && len(s.books) > 1 || len(s.books) > maxPlaylists || len(s.books) != s.order.Len() {
			t.Fatalf("%d playlists, %d bytes", len(s.books), s.bytes())
		}
	}
	put("kept", 1000)
	for i := range 3 * maxPlaylists {
		put(decimal(int64(i)), 100)
		put("kept", 1000) // it is asked for all the time
	}
	if *wrote != 3*maxPlaylists+1 {
		t.Errorf("written %d times", *wrote)
	}
	for i := range 10 {
		put(decimal(int64(-i)), maxShelfBytes/4)
	}
	put("huge", 2*maxShelfBytes)
	if len(s.books) != 1 || s.bytes() < maxShelfBytes {
		t.Errorf("%d playlists, %d bytes", len(s.books), s.bytes())
	}
	put("small", 100)
	if s.bytes() > 1000 || s.books[title{uuid: "small"}] == nil {
		t.Errorf("%d playlists, %d bytes", len(s.books), s.bytes())
	}
}

// TestShelfWritesOnce has many viewers come at once, as at the end of a live.
func TestShelfWritesOnce(t *testing.T) {
	s, _ := newTestShelf()
	var wrote atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			_, err := s.find(title{uuid: "a"}, edition{}, func() ([]byte, error) { wrote.Add(1); return noise(10_000), nil })
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if wrote.Load() != 1 {
		t.Errorf("written %d times", wrote.Load())
	}
}
