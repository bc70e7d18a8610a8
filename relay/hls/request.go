package hls

import (
	"math"
	"net/http"
	"strings"

	"shoal/internal/m3u8"
	"shoal/internal/media"
)

// Prefix is what every address here begins with; the live's UUID and the name of a file follow. PeerTube's players know
// it.
const Prefix = "/static/streaming-playlists/hls/"

// Names of the playlists that are not a rendition's.
const (
	masterFile    = "master.m3u8"
	classicFile   = "classic.m3u8"
	classicPrefix = "classic-"
	playlistEnd   = ".m3u8"
	// pastFile is the archive's (see relay/vod), though it has the form of a rendition's.
	pastFile = "dvr.m3u8"
)

// Request is what of an HTTP request matters here.
type Request struct {
	Method string
	Path   string // decoded, the whole of it
	Query  string // as it came
	// AcceptEncoding and Range are the values of the header fields. Range must be empty where there is an If-Range:
	// the answers have no validators, so it cannot hold (RFC 9110, section 13.1.5).
	AcceptEncoding string
	Range          string
}

// target is what a request asks for, understood, but not looked up.
type target struct {
	kind      kind
	live      media.LiveID
	rendition media.RenditionID
	token     string // that admits the viewer; empty for what is public

	// Of media files.
	name   m3u8.Name
	ranges string

	// Of playlists.
	sheet sheet
	gzip  bool
	directives
}

// directives are the delivery directives of a playlist request (draft-pantos-hls-rfc8216bis, section 6.2.5).
type directives struct {
	named   bool // segment is given
	segment uint64
	part    int // negative if not given
	skip    bool
}

// understand reads a request. With a live, but without a file of it, noFile says that the address is not one of those
// that are served from memory.
func understand(q *Request) (t target, refused *refusal) {
	t.kind = otherKind
	if q.Method != http.MethodGet && q.Method != http.MethodHead {
		return t, badMethod
	}
	id, file, ok := splitPath(q.Path)
	if !ok {
		return t, noFile
	}
	t.live = id
	if name, ok := m3u8.ParseName(file); ok {
		t.name, t.rendition = name, name.Rendition
		t.kind = kinds[name.Sort]
		if q.Method == http.MethodGet { // Range means nothing to another method (RFC 9110, section 14.2)
			t.ranges = q.Range
		}
		return t, nil
	}
	switch {
	case file == masterFile:
		t.kind, t.sheet, t.rendition = masterKind, masterSheet, media.Main
	case file == classicFile:
		t.kind, t.sheet, t.rendition = masterKind, classicMasterSheet, media.Main
	case strings.HasPrefix(file, classicPrefix) && strings.HasSuffix(file, playlistEnd):
		t.kind, t.sheet = classicKind, classicSheet
		t.rendition = media.RenditionID(file[len(classicPrefix) : len(file)-len(playlistEnd)])
	case strings.HasSuffix(file, playlistEnd) && strings.IndexByte(file, '-') < 0 && file != pastFile:
		t.kind, t.sheet = playlistKind, wholeSheet
		t.rendition = media.RenditionID(file[:len(file)-len(playlistEnd)])
		if t.directives, refused = parseDirectives(q.Query); refused != nil {
			return t, refused
		}
		if t.skip {
			t.kind, t.sheet = deltaKind, deltaSheet
		}
	default:
		return t, noFile
	}
	t.gzip = AcceptsGzip(q.AcceptEncoding)
	return t, nil
}

// splitPath takes an address apart. The UUID is in its canonical form: an address has one spelling, so that caches hold
// a file once.
func splitPath(path string) (id media.LiveID, file string, ok bool) {
	rest, ok := strings.CutPrefix(path, Prefix)
	if !ok {
		return "", "", false
	}
	uuid, file, ok := strings.Cut(rest, "/")
	return media.LiveID(uuid), file, ok && len(uuid) == 36
}

// parseDirectives reads a query by hand: it happens for every playlist request. Other parameters, and an _HLS_skip that
// is neither YES nor v2, mean nothing here. Both mean the same: there are no date ranges to skip.
func parseDirectives(query string) (directives, *refusal) {
	d := directives{part: -1}
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		key, value, _ := strings.Cut(pair, "=")
		var ok bool
		switch key {
		case "_HLS_msn":
			if d.segment, ok = m3u8.ParseNumber(value, math.MaxUint64); !ok {
				return d, badNumber
			}
			d.named = true
		case "_HLS_part":
			n, ok := m3u8.ParseNumber(value, math.MaxInt32)
			if !ok {
				return d, badNumber
			}
			d.part = int(n)
		case "_HLS_skip":
			d.skip = value == "YES" || value == "v2"
		}
	}
	if d.part >= 0 && !d.named {
		return d, partAlone
	}
	return d, nil
}
