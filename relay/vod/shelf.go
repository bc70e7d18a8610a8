package vod

import (
	"bytes"
	"container/list"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"shoal/relay/hls"
)

// Bounds of a shelf. A playlist of three hours takes about 100 KB, one of half an hour's past a fifth of that.
const (
	maxShelfBytes = 4 << 20
	maxPlaylists  = 64
)

// title is what a playlist on a shelf is of.
type title struct {
	kind      kind
	uuid      string
	rendition string
}

// edition is what a playlist says; when there is another, it is written anew.
type edition struct {
	sessions string // whose recordings it lists
	segments uint64 // how many, or the number of the last
	ended    bool
}

// shelf keeps the compressed playlists that were asked for last. Safe for concurrent use.
type shelf struct {
	zip   hls.Compressor
	wrote func(began time.Time) // told of every text that was written and compressed

	mu    sync.Mutex
	books map[title]*list.Element // of *book
	order *list.List              // the last that was asked for is first
	size  int64                   // bytes of all
}

func newShelf(wrote func(began time.Time)) *shelf {
	return &shelf{wrote: wrote, books: map[title]*list.Element{}, order: list.New()}
}

// book is a place on a shelf.
type book struct {
	title title
	size  int64 // of what is counted for it; guarded by shelf.mu

	mu   sync.Mutex // held while the text is written, so that it is written once
	of   edition
	text *text // nil before the first
}

// text is a finished playlist. Immutable.
type text struct {
	zipped []byte
	length int    // of the plain text
	tag    string // tells it from others of the same title: an entity tag without its quotes
}

// find gives a playlist; if it is not there in this edition, write makes it. What write refuses is not kept.
func (s *shelf) find(t title, of edition, write func() ([]byte, error)) (*text, error) {
	b := s.book(t)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.text != nil && b.of == of {
		return b.text, nil
	}
	began := time.Now()
	plain, err := write()
	if err != nil {
		return nil, err
	}
	b.of, b.text = of, s.newText(plain)
	s.wrote(began)
	s.keep(b, int64(len(b.text.zipped)))
	return b.text, nil
}

func (s *shelf) newText(plain []byte) *text {
	return &text{
		zipped: s.zip.Compress(plain), length: len(plain),
		// It need not withstand anybody: who writes playlists is us.
		tag: strconv.FormatUint(uint64(crc32.Checksum(plain, crc32.MakeTable(crc32.Castagnoli))), 16) + "-" + decimal(int64(len(plain))),
	}
}

// book finds or makes a place, and makes it the last that was asked for.
func (s *shelf) book(t title) *book {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.books[t]; e != nil {
		s.order.MoveToFront(e)
		return e.Value.(*book)
	}
	b := &book{title: t}
	s.books[t] = s.order.PushFront(b)
	s.shrink()
	return b
}

// keep counts a book's new size, and gives up others for it. One that was given up meanwhile is nobody's any more.
func (s *shelf) keep(b *book, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.books[b.title]; e == nil || e.Value != any(b) {
		return
	}
	s.size += size - b.size
	b.size = size
	s.shrink()
}

// shrink gives up what was not asked for for the longest time, but for the last that was. The caller has the lock.
func (s *shelf) shrink() {
	for s.order.Len() > 1 && (s.size > maxShelfBytes || s.order.Len() > maxPlaylists) {
		last := s.order.Back()
		b := s.order.Remove(last).(*book)
		delete(s.books, b.title)
		s.size -= b.size
	}
}

// bytes is the memory of all texts.
func (s *shelf) bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size
}

// plain is the text as it was before it was compressed.
func (t *text) plain() ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(t.zipped))
	if err != nil {
		return nil, fmt.Errorf("read a playlist that was kept: %w", err)
	}
	b := make([]byte, t.length)
	if _, err := io.ReadFull(z, b); err != nil {
		return nil, fmt.Errorf("read a playlist that was kept: %w", err)
	}
	return b, nil
}
