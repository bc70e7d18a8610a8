package viewer

import (
	"strconv"
	"strings"
	"time"
)

// part is one thing to download: a partial segment, or a whole one where its parts are not listed.
type part struct {
	segment     uint64 // media sequence number
	number      int    // within the segment; whole for a whole one
	uri         string
	duration    time.Duration
	independent bool
}

// whole is the number of a part that is a segment.
const whole = -1

// after says whether p comes after q.
func (p part) after(q part) bool {
	return p.segment > q.segment || p.segment == q.segment && q.number != whole && p.number > q.number
}

// playlist is what a viewer must know of a media playlist (RFC 8216bis). Its strings share the text's memory.
type playlist struct {
	partTarget time.Duration
	holdBack   time.Duration // PART-HOLD-BACK
	canBlock   bool
	canSkip    bool
	ended      bool
	initURI    string // of the last EXT-X-MAP; empty in a delta that leaves it out
	parts      []part // in order; parts where they are listed, whole segments elsewhere
	hint       string // URI of the part to come

	// What comes next, as a blocking reload asks for it.
	nextSegment uint64
	nextPart    int
}

// length is how much is listed.
func (p *playlist) length() (sum time.Duration) {
	for _, q := range p.parts {
		sum += q.duration
	}
	return sum
}

// parse reads a media playlist. It reads what it knows and passes over the rest: judging playlists is for tests.
func parse(text string, reuse []part) playlist {
	p := playlist{parts: reuse[:0]}
	var duration time.Duration
	var parts int // of the segment at hand
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		line = strings.TrimRight(line, "\r ")
		if line == "" {
			continue
		}
		if line[0] != '#' {
			if parts == 0 {
				p.parts = append(p.parts, part{p.nextSegment, whole, line, duration, true})
			}
			p.nextSegment++
			parts = 0
			continue
		}
		tag, value, _ := strings.Cut(line, ":")
		switch tag {
		case "#EXTINF":
			value, _, _ = strings.Cut(value, ",")
			duration = seconds(value)
		case "#EXT-X-PART":
			p.parts = append(p.parts, part{
				segment: p.nextSegment, number: parts, uri: attribute(value, "URI"),
				duration: seconds(attribute(value, "DURATION")), independent: attribute(value, "INDEPENDENT") == "YES",
			})
			parts++
		case "#EXT-X-MEDIA-SEQUENCE":
			p.nextSegment, _ = strconv.ParseUint(value, 10, 64)
		case "#EXT-X-SKIP":
			n, _ := strconv.ParseUint(attribute(value, "SKIPPED-SEGMENTS"), 10, 64)
			p.nextSegment += n
		case "#EXT-X-PART-INF":
			p.partTarget = seconds(attribute(value, "PART-TARGET"))
		case "#EXT-X-SERVER-CONTROL":
			p.canBlock = attribute(value, "CAN-BLOCK-RELOAD") == "YES"
			p.canSkip = attribute(value, "CAN-SKIP-UNTIL") != ""
			p.holdBack = seconds(attribute(value, "PART-HOLD-BACK"))
		case "#EXT-X-MAP":
			p.initURI = attribute(value, "URI")
		case "#EXT-X-PRELOAD-HINT":
			if attribute(value, "TYPE") == "PART" {
				p.hint = attribute(value, "URI")
			}
		case "#EXT-X-ENDLIST":
			p.ended = true
		}
	}
	p.nextPart = parts
	return p
}

// attribute returns the value of an attribute without its quotes, empty if there is none.
func attribute(list, name string) string {
	for list != "" {
		key, rest, ok := strings.Cut(list, "=")
		if !ok {
			return ""
		}
		var value string
		if strings.HasPrefix(rest, `"`) {
			value, rest, _ = strings.Cut(rest[1:], `"`)
			rest = strings.TrimPrefix(rest, ",")
		} else {
			value, rest, _ = strings.Cut(rest, ",")
		}
		if strings.TrimSpace(key) == name {
			return value
		}
		list = rest
	}
	return ""
}

func seconds(s string) time.Duration {
	f, _ := strconv.ParseFloat(s, 64)
	return time.Duration(f * float64(time.Second))
}

// firstVariant returns the URI of the first variant of a multivariant playlist, empty if the text is none.
func firstVariant(text string) string {
	stream := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#EXT-X-STREAM-INF:"):
			stream = true
		case stream && line != "" && line[0] != '#':
			return line
		}
	}
	return ""
}

// resolve makes a request target of a URI that stands in the playlist with the target base. URIs with a scheme are not
// followed: everything must come from the node that is measured.
func resolve(base, uri string) string {
	if strings.HasPrefix(uri, "/") {
		return uri
	}
	path, _, _ := strings.Cut(base, "?")
	return path[:strings.LastIndexByte(path, '/')+1] + uri
}
