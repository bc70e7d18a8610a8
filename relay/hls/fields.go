package hls

import "net/textproto"

// Field is a header field: its canonical name and its values, as http.Header wants them.
type Field struct {
	Name   string
	Values []string
}

// Fields are the header fields that all answers of a sort share, but for Content-Length and what belongs to the
// connection. Immutable.
type Fields struct {
	list  []Field
	lines []byte
}

// newFields makes Fields of names and values in turn, with those that every answer has.
func newFields(pairs ...string) *Fields {
	// Pages of other sites may play what is public here, read how much they got, and measure it
	// (Resource Timing, section 4.5.1).
	pairs = append(pairs,
		"Access-Control-Allow-Origin", "*",
		"Access-Control-Expose-Headers", "Content-Length, Content-Range, Date",
		"Timing-Allow-Origin", "*",
	)
	f := &Fields{}
	for i := 0; i < len(pairs); i += 2 {
		name, value := textproto.CanonicalMIMEHeaderKey(pairs[i]), pairs[i+1]
		f.list = append(f.list, Field{name, []string{value}})
		f.lines = append(f.lines, name+": "+value+"\r\n"...)
	}
	return f
}

// List is the fields in order. The caller must not change it.
func (f *Fields) List() []Field { return f.list }

// Append appends the fields as lines of an HTTP/1.1 header section.
func (f *Fields) Append(dst []byte) []byte { return append(dst, f.lines...) }

// What caches are told.
const (
	// forever is for bytes whose name will never mean anything else.
	forever = "public, max-age=31536000, immutable"
	// aWhile is for a playlist that a sequence number asked for: six target durations.
	aWhile = "public, max-age=12"
	// briefly is for refusals, and for answers that may soon be others.
	briefly = "max-age=1"
	// fresh is for a playlist as it is now.
	fresh = "no-cache"
	// private is for playlists that carry somebody's token.
	private = "private, no-store"
	// privateWhile is for media that a token asked for: for who seeks back. The token does not last much longer.
	privateWhile = "private, max-age=3600, immutable"
)

// playlistFields are Fields of playlists, plain and compressed.
type playlistFields [2]*Fields

func newPlaylistFields(cache string) playlistFields {
	pairs := []string{
		"Content-Type", "application/vnd.apple.mpegurl",
		"Cache-Control", cache,
		"Vary", "Accept-Encoding",
	}
	return playlistFields{newFields(pairs...), newFields(append(pairs, "Content-Encoding", "gzip")...)}
}

func (f *playlistFields) of(gzip bool) *Fields {
	if gzip {
		return f[1]
	}
	return f[0]
}

// mediaFields are Fields of media files: public ones, and those that a token asked for.
type mediaFields [2]*Fields

func newMediaFields(contentType string) (f mediaFields) {
	for i, cache := range [...]string{forever, privateWhile} {
		f[i] = newFields("Content-Type", contentType, "Cache-Control", cache, "Accept-Ranges", "bytes")
	}
	return f
}

func (f *mediaFields) of(token string) *Fields {
	if token != "" {
		return f[1]
	}
	return f[0]
}

var (
	freshPlaylist   = newPlaylistFields(fresh)
	namedPlaylist   = newPlaylistFields(aWhile)
	brieflyPlaylist = newPlaylistFields(briefly)
	privatePlaylist = newPlaylistFields(private)

	videoFields = newMediaFields("video/mp4")
	audioFields = newMediaFields("audio/mp4")

	preflightFields = newFields(
		"Access-Control-Allow-Methods", methods,
		"Access-Control-Allow-Headers", "Range",
		"Access-Control-Max-Age", "86400",
		"Allow", methods,
	)
)

const methods = "GET, HEAD, OPTIONS"
