package hls

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shoal/internal/testkit/hlscheck"
)

// answer is one of the server, to be spoilt.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// spoiler answers a request in another way than serve does.
type spoiler func(serve func(*http.Request) *answer, q *http.Request) *answer

// spoilt is a server whose answers are spoilt, playlists before they are compressed.
func spoilt(s *Server, spoil spoiler) http.Handler {
	serve := func(q *http.Request) *answer {
		plain := q.Clone(q.Context())
		plain.Header.Del("Accept-Encoding")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, plain)
		return &answer{w.Code, w.Header(), w.Body.Bytes()}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		a := spoil(serve, q)
		length := a.header.Get("Content-Length") // of a HEAD, what a GET would get
		if strings.HasSuffix(q.URL.Path, ".m3u8") && a.status == 200 && q.Header.Get("Accept-Encoding") == "gzip" && a.header.Get("X-Plain") == "" {
			var b bytes.Buffer
			z, _ := gzip.NewWriterLevel(&b, gzip.HuffmanOnly) // whose encoder is small
			_, _ = z.Write(a.body)
			_ = z.Close()
			a.body = b.Bytes()
			a.header.Set("Content-Encoding", "gzip")
		}
		a.header.Del("X-Plain")
		maps.Copy(w.Header(), a.header)
		if q.Method != http.MethodHead && a.status != http.StatusNoContent {
			length = strconv.Itoa(len(a.body))
		}
		if length != "" {
			w.Header().Set("Content-Length", length)
		}
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body)
	})
}

// on spoils answers to requests whose last path element and query match, if they are good ones.
func on(pattern string, change func(*answer)) spoiler {
	re := regexp.MustCompile(pattern)
	return func(serve func(*http.Request) *answer, q *http.Request) *answer {
		a := serve(q)
		if a.status < 400 && re.MatchString(lastElement(q)) {
			change(a)
		}
		return a
	}
}

func lastElement(q *http.Request) string {
	return strings.TrimPrefix(q.URL.RequestURI(), base)
}

// replace spoils a playlist's text.
func replace(pattern, old, with string) spoiler {
	re := regexp.MustCompile("(?m)" + old)
	return on(pattern, func(a *answer) { a.body = re.ReplaceAll(a.body, []byte(with)) })
}

func header(pattern, key, value string) spoiler {
	return on(pattern, func(a *answer) {
		if a.header.Del(key); value != "" {
			a.header.Set(key, value)
		}
	})
}

// later spoils from the n-th matching request on.
func later(n int, pattern string, spoil spoiler) spoiler {
	re := regexp.MustCompile(pattern)
	var mu sync.Mutex
	count := 0
	return func(serve func(*http.Request) *answer, q *http.Request) *answer {
		mu.Lock()
		if re.MatchString(lastElement(q)) {
			count++
		}
		now := count >= n
		mu.Unlock()
		if now {
			return spoil(serve, q)
		}
		return serve(q)
	}
}

// chunks takes media apart.
func chunksOf(data []byte) (all [][]byte) {
	for len(data) > 0 {
		moof := binary.BigEndian.Uint32(data)
		n := moof + binary.BigEndian.Uint32(data[moof:])
		all, data = append(all, data[:n]), data[n:]
	}
	return all
}

func refuse(status int) func(a *answer) {
	return func(a *answer) {
		a.status, a.body = status, []byte("no.\n")
		a.header = http.Header{"Access-Control-Allow-Origin": {"*"}, "Cache-Control": {"max-age=1"}}
	}
}

const (
	mainList = `^main\.m3u8`
	anyList  = `^(main|audio)\.m3u8`
	part     = `^main-7-[0-9]+\.[0-9]+\.mp4`
)

// TestMutations holds that hlscheck finds each fault that a server can have. What it must say is the rule, and a word of
// the detail.
func TestMutations(t *testing.T) {
	tests := map[string]struct {
		spoil  spoiler
		rule   string
		detail string
	}{
		"nothing":                   {replace(mainList, `$^`, ""), "", ""},
		"an unknown tag":            {replace(mainList, `^#EXT-X-PART-INF`, "#EXT-X-START:TIME-OFFSET=1\n$0"), "playlist does not parse", "a live does not have"},
		"independent segments":      {replace(mainList, `^#EXT-X-PART-INF`, "#EXT-X-INDEPENDENT-SEGMENTS\n$0"), "playlist does not parse", "INDEPENDENT-SEGMENTS"},
		"no date":                   {replace(mainList, `^#EXT-X-PROGRAM-DATE-TIME.*\n`, ""), "playlist does not parse", "DATE-TIME"},
		"an empty line":             {replace(mainList, `^#EXT-X-PART-INF`, "\n$0"), "playlist does not parse", `is ""`},
		"no discontinuity sequence": {replace(mainList, `^#EXT-X-DISCONTINUITY-SEQUENCE.*\n`, ""), "playlist does not parse", "missing"},
		"no map":                    {replace(mainList, `^#EXT-X-MAP.*\n`, ""), "playlist does not parse", "EXT-X-MAP"},

		"a playlist that is cached":         {header(`^main\.m3u8$`, "Cache-Control", "max-age=60"), "header fields", "max-age=60"},
		"a playlist of unknown age":         {header(`^main\.m3u8$`, "Cache-Control", ""), "header fields", `Cache-Control is ""`},
		"a named playlist that is not":      {header(`^main\.m3u8\?_HLS_msn`, "Cache-Control", "no-cache"), "header fields", "could be cached"},
		"a part that may change":            {header(part, "Cache-Control", "no-cache"), "header fields", "never changes"},
		"closed to other sites":             {header(part, "Access-Control-Allow-Origin", ""), "header fields", "Allow-Origin"},
		"a playlist called text":            {header(mainList, "Content-Type", "text/plain"), "header fields", "text/plain"},
		"video called audio":                {header(part, "Content-Type", "audio/mp4"), "header fields", "audio/mp4"},
		"compression that caches mix up":    {header(mainList, "Vary", ""), "header fields", "Vary"},
		"no compression":                    {header(mainList, "X-Plain", "1"), "header fields", "not compressed"},
		"ranges that nobody is told of":     {header(part, "Accept-Ranges", ""), "header fields", "Accept-Ranges"},
		"an error that is cached for long":  {errorHeader("Cache-Control", "max-age=60"), "header fields", "may be cached"},
		"an error that caches may keep":     {errorHeader("Cache-Control", ""), "header fields", "may be cached"},
		"an old version":                    {replace(mainList, `^#EXT-X-VERSION:9`, "#EXT-X-VERSION:8"), "version", "needs 9"},
		"an old version of the classic one": {replace(`^classic-main`, `^#EXT-X-VERSION:6`, "#EXT-X-VERSION:3"), "version", "6 is needed"},

		"another target duration":     {replace(mainList, `^#EXT-X-TARGETDURATION:2`, "#EXT-X-TARGETDURATION:3"), "target durations", "is 3"},
		"a part target that grows":    {later(20, mainList, replace(mainList, `PART-TARGET=0.21`, "PART-TARGET=0.22")), "target durations", "220ms"},
		"a hold-back of four seconds": {replace(anyList, `,HOLD-BACK=6.0`, ",HOLD-BACK=4.0"), "server control", "4s"},
		"little part hold-back":       {replace(mainList, `PART-HOLD-BACK=0.63`, "PART-HOLD-BACK=0.62"), "server control", "620ms"},
		"a part hold-back that grows": {later(20, mainList, replace(mainList, `PART-HOLD-BACK=0.63`, "PART-HOLD-BACK=0.65")), "server control", "changed"},
		"no blocking":                 {replace(mainList, `CAN-BLOCK-RELOAD=YES,`, ""), "playlist does not parse", "CAN-BLOCK-RELOAD"},

		"a long segment": {replace(anyList, `^#EXTINF:2.0`, "#EXTINF:2.6"), "segment longer than the target duration", "2.6s"},
		"long parts":     {replace(mainList, `DURATION=0.2,`, "DURATION=0.211,"), "part longer than the part target", "211ms"},
		"a short part":   {replace(mainList, `DURATION=0.2(,URI="main-7-[0-9]+\.3\.mp4)`, "DURATION=0.178$1"), "part shorter than 85 % of the target", "178ms"},
		"a lost millisecond or two": {
			replace(mainList, `^#EXTINF:2.0`, "#EXTINF:1.998"), "parts do not sum to their segment", "1.998s",
		},
		"media of another length": {
			replace(mainList, `DURATION=0.2(,URI="main-7-[0-9]+\.3\.mp4)`, "DURATION=0.198$1"), "part's duration and its media's", "198ms",
		},

		"parts of the open segment alone": {replace(mainList, `(^#EXT-X-PART:.*\n)+(#EXTINF)`, "$2"), "which parts are listed", "has none"},
		"parts of an old segment":         {replace(mainList, `^#EXTINF:2.0,\nmain-7-9.mp4`, "#EXT-X-PART:DURATION=0.2,URI=\"main-7-9.0.mp4\"\n$0"), "which parts are listed", "has some"},
		"a part of another name":          {replace(mainList, `main-7-([0-9]+)\.3\.mp4"(,I|$)`, `main-7-$1.33.mp4"$2`), "file names", "33"},
		"a segment in a folder":           {replace(mainList, `^main-7-([0-9]+).mp4`, "main/7-$1.mp4"), "file names", "main/7"},
		"an init of another rendition":    {replace(`^audio.m3u8`, `audio-7-init0`, "main-7-init0"), "file names", "main-7-init0"},

		"a date that jumps":     {replace(mainList, `(12|00|01):(..):(..)\.(...)Z\n#EXTINF`, "$1:$2:$3.999Z\n#EXTINF"), "program date-time", "beside"},
		"a date in other zones": {replace(mainList, `Z\n`, "+00:00\n"), "playlist does not parse", "cannot parse"},

		"a duration that changes": {later(20, mainList, replace(mainList, `^#EXTINF:2.0,\nmain-7-(13).mp4`, "#EXTINF:2.001,\nmain-7-$1.mp4")), "what was listed changed", "2.001s"},
		"a date that changes":     {later(20, mainList, replace(mainList, `\.[0-9]{3}Z\n`, ".123Z\n")), "what was listed changed", "123"},
		"a part that changes":     {later(20, mainList, replace(mainList, `0.2(,URI="main-7-[0-9]+.2.mp4)`, "0.201$1")), "what was listed changed", "201ms"},
		"a playlist of yesterday": {yesterday(), "numbers go back", "it ended with"},
		"a sequence that goes back": {
			later(20, mainList, replace(mainList, `^#EXT-X-MEDIA-SEQUENCE:[0-9]+`, "#EXT-X-MEDIA-SEQUENCE:0")), "numbers go back", "to 0",
		},
		"a playlist that is too short":  {later(20, `^main\.m3u8`, on(mainList, shorten)), "length of the playlist", "is left"},
		"a discontinuity out of thin":   {later(20, mainList, replace(mainList, `^#EXT-X-DISCONTINUITY-SEQUENCE:0`, "#EXT-X-DISCONTINUITY-SEQUENCE:1")), "discontinuity sequence", "from 0 to 1"},
		"a tag for no reason":           {later(20, mainList, replace(mainList, `^#EXT-X-PROGRAM-DATE-TIME.*\n(#EXT-X-PART.*\n)+#EXT-X-PRE`, "#EXT-X-DISCONTINUITY\n$0")), "discontinuity sequence", "tag from false to true"},
		"reloads that do not block":     {unblocked, "blocking reload", "does not list"},
		"parts far ahead are no matter": {replace(`_HLS_part=999`, `(?s).*`, ""), "blocking reload", "part 0 of the next"},
		"slow answers":                  {slow(`^main\.m3u8\?_HLS_msn`, 300*time.Millisecond), "part later than the part target", "took"},
		"an encoder that stops":         {later(5, `^main\.m3u8\?_HLS_msn`, stopped(6*time.Second)), "no part for six seconds", "after segment"},
		"impatience":                    {later(5, `^main\.m3u8\?_HLS_msn`, stopped(time.Second)), "blocking reload", "given up after 1s"},

		"a delta of other segments":   {replace(`_HLS_skip`, `SKIPPED-SEGMENTS=`, "SKIPPED-SEGMENTS=1"), "delta update", "was not known"},
		"a delta that skips too much": {on(`_HLS_skip`, skipMore), "delta update", "from the end"},
		"a delta that differs":        {replace(`^main\.m3u8\?.*_HLS_skip`, `^#EXT-X-PRELOAD-HINT.*\n`, ""), "delta update", "is not the whole"},

		"a hint that is refused":      {first(part, refuse(404)), "preload hint", "status 404"},
		"a hint far ahead":            {replace(mainList, `(^#EXT-X-PRELOAD-HINT.*main-7-)([0-9]+)\.`, "${1}9$2."), "preload hint", "after segment"},
		"no hint":                     {replace(mainList, `^#EXT-X-PRELOAD-HINT.*\n`, ""), "preload hint", `""`},
		"a report of the future":      {replace(mainList, `LAST-MSN=`, "LAST-MSN=9"), "rendition report", "never was"},
		"a report of the past":        {replace(mainList, `LAST-MSN=[0-9]+,LAST-PART=[0-9]+`, "LAST-MSN=14,LAST-PART=0"), "rendition report", "before"},
		"no report":                   {replace(mainList, `^#EXT-X-RENDITION-REPORT.*\n`, ""), "rendition report", "0 reports"},
		"a report of a stranger":      {replace(mainList, `URI="audio.m3u8",LAST`, `URI="other.m3u8",LAST`), "rendition report", "not another rendition"},
		"a part that cannot be had":   {on(`^main-7-[0-9]+\.4\.mp4`, refuse(404)), "file cannot be had", "status 404"},
		"a part that goes too soon":   {again(`^main-7-[0-9]+\.0\.mp4`, refuse(404)), "file cannot be had", "too soon"},
		"an init that is none":        {on(`^main-7-init0`, func(a *answer) { a.body = a.body[:40] }), "init", ""},
		"an init of another brand":    {on(`^main-7-init0`, func(a *answer) { a.body = bytes.ReplaceAll(a.body, []byte("iso6"), []byte("mp42")) }), "init", "iso6"},
		"a part that is cut off":      {on(`^main-7-[0-9]+\.4\.mp4`, func(a *answer) { a.body = a.body[:len(a.body)-9] }), "chunk", ""},
		"an IDR picture that is none": {on(part, func(a *answer) { a.body = bytes.ReplaceAll(a.body, []byte{0, 0, 201, 0x65}, []byte{0, 0, 201, 0x41}) }), "chunk", "IDR picture false"},
		"chunks in disorder": {on(part, func(a *answer) {
			c := chunksOf(a.body)
			slices.Reverse(c)
			a.body = bytes.Join(c, nil)
		}), "order of chunks", "start time"},
		"a chunk that is missing": {on(`^main-7-[0-9]+\.4\.mp4`, func(a *answer) {
			c := chunksOf(a.body)
			a.body = bytes.Join(append(c[:2:2], c[3:]...), nil)
		}), "decode times", "goes on at"},
		"every part independent":    {replace(mainList, `(#EXT-X-PART:.*mp4")$`, "$1,INDEPENDENT=YES"), "independent parts", "holds no IDR"},
		"no part independent":       {replace(mainList, `,INDEPENDENT=YES`, ""), "independent parts", "does not say"},
		"a segment of other bytes":  {on(`^main-7-[0-9]+\.mp4`, func(a *answer) { a.body = a.body[:len(a.body)/2] }), "segment is not its parts", "bytes"},
		"a part of other bytes":     {again(part, func(a *answer) { a.body[len(a.body)-1] ^= 1 }), "file changed", "other bytes"},
		"no ranges":                 {on(`^main-7-[0-9]+\.mp4`, func(a *answer) { a.status = 200 }), "ranges", "not answered"},
		"a range behind the end":    {unrefused, "ranges", "not refused"},
		"audio of another number":   {replace(`^audio.m3u8`, `^#EXT-X-DISCONTINUITY-SEQUENCE:0`, "#EXT-X-DISCONTINUITY-SEQUENCE:5"), "audio-only rendition", "sequence 5"},
		"audio of another time":     {replace(`^audio.m3u8`, `TIME:(....)`, "TIME:2025"), "audio-only rendition", "apart"},
		"audio of other chunks":     {on(`^audio-7-[0-9]+\.`, func(a *answer) { a.body[len(a.body)-1] ^= 1 }), "audio-only rendition", "not the"},
		"little bandwidth":          {replace(`^master`, `BANDWIDTH=[0-9]+`, "BANDWIDTH=1000"), "multivariant playlist", "BANDWIDTH is 1000"},
		"no bandwidth":              {replace(`^master`, `BANDWIDTH=[0-9]+`, "BANDWIDTH=0"), "multivariant playlist", "BANDWIDTH"},
		"another codec":             {replace(`^master`, `avc1.64000d`, "avc1.42c01f"), "multivariant playlist", "lacks avc1.64000d"},
		"a codec less":              {replace(`^master`, `avc1.64000d,`, ""), "multivariant playlist", "entries"},
		"another resolution":        {replace(`^master`, `320x180`, "640x360"), "multivariant playlist", "640x360"},
		"no audio-only variant":     {on(`^(master|classic)\.m3u8`, func(a *answer) { a.body = a.body[:bytes.LastIndex(a.body, []byte("#EXT"))] }), "multivariant playlist", "1 variants"},
		"a classic one of its own":  {replace(`^classic\.m3u8`, `320x180`, "640x360"), "multivariant playlist", "is not that of"},
		"low latency in classic":    {replace(`^classic-main`, `^#EXT-X-MEDIA-SEQUENCE`, "#EXT-X-PART-INF:PART-TARGET=0.21\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.63,HOLD-BACK=6.0,CAN-SKIP-UNTIL=12.0\n$0"), "classic playlist", "low latency"},
		"other segments in classic": {replace(`^classic-main`, `EXTINF:2.0`, "EXTINF:2.001"), "classic playlist", "2.001"},
		"no classic playlist":       {on(`^classic-main`, refuse(500)), "classic playlist", "status 500"},
		"a sequence far ahead":      {lenient(`_HLS_msn=[6-9][0-9]`), "errors", "not 400"},
		"a method that is not one":  {allowed, "errors", "not 405"},
	}
	found := map[string]bool{}
	var mu sync.Mutex
	t.Run("all", func(t *testing.T) {
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					r, err := followSpoilt(t, tt.spoil, false)
					checkFound(t, r, err, tt.rule, tt.detail)
					mu.Lock()
					found[tt.rule] = true
					mu.Unlock()
				})
			})
		}
		t.Run("an end that is taken back", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, err := followSpoilt(t, replace(`^main\.m3u8$`, `^#EXT-X-ENDLIST\n`, ""), true)
				checkFound(t, r, err, "end", "no EXT-X-ENDLIST")
				mu.Lock()
				found["end"] = true
				mu.Unlock()
			})
		})
	})
	for _, rule := range hlscheck.Rules() {
		if !found[rule] {
			t.Errorf("no mutation breaks the rule %q", rule)
		}
	}
}

// followSpoilt follows a live of seventeen segments, and 5 s of what comes then.
func followSpoilt(t *testing.T, spoil spoiler, ends bool) (*hlscheck.Report, error) {
	f := newFeed(t)
	f.begin(avcC180, true)
	f.segments(17)
	f.parts(2)
	f.realtime = true
	return follow(t, f, spoilt(newServer(t, f), spoil), func() {
		for p := 2; p < 10; p++ {
			f.frames(5, false, p == 9)
		}
		if ends {
			f.s.End(f.epoch)
			return
		}
		f.segments(20)
	}, hlscheck.Options{For: 5 * time.Second})
}

func checkFound(t *testing.T, r *hlscheck.Report, err error, rule, detail string) {
	t.Helper()
	if rule == "" { // a mutation that changes nothing
		if err != nil || len(r.Violations) > 0 {
			t.Errorf("%v\n%v", err, r)
		}
		return
	}
	for _, v := range r.Violations {
		if v.Rule == rule && strings.Contains(v.Detail, detail) {
			return
		}
	}
	t.Errorf("not found: %s, %q; but\n%v\n%v", rule, detail, r, err)
}

func errorHeader(key, value string) spoiler {
	return func(serve func(*http.Request) *answer, q *http.Request) *answer {
		a := serve(q)
		if a.status >= 400 {
			if a.header.Del(key); value != "" {
				a.header.Set(key, value)
			}
		}
		return a
	}
}

// yesterday answers reloads with the first answer again, without its open segment.
func yesterday() spoiler {
	var mu sync.Mutex
	var before []byte
	count := 0
	open := regexp.MustCompile(`(?m)^#EXT-X-PROGRAM-DATE-TIME.*\n(#EXT-X-PART:.*\n)+#EXT-X-PRELOAD-HINT.*\n`)
	return on(mainList, func(a *answer) {
		mu.Lock()
		defer mu.Unlock()
		if count++; count == 1 {
			before = open.ReplaceAll(a.body, nil)
		}
		if count > 20 {
			a.body = bytes.Clone(before)
		}
	})
}

// shorten removes all segments but the last two.
func shorten(a *answer) {
	text := string(a.body)
	from := strings.Index(text, "#EXT-X-MAP")
	if from < 0 {
		return
	}
	init := text[from : from+strings.Index(text[from:], "\n")+1]
	dates := regexp.MustCompile(`(?m)^#EXT-X-PROGRAM`).FindAllStringIndex(text, -1)
	first := dates[len(dates)-2][0]
	number := regexp.MustCompile(`#EXT-X-MEDIA-SEQUENCE:([0-9]+)`)
	seq, _ := strconv.Atoi(number.FindStringSubmatch(text)[1])
	head := number.ReplaceAllString(text[:from], "#EXT-X-MEDIA-SEQUENCE:"+strconv.Itoa(seq+len(dates)-2))
	a.body = []byte(head + init + text[first:])
}

// unblocked answers reloads at once.
func unblocked(serve func(*http.Request) *answer, q *http.Request) *answer {
	if strings.HasPrefix(lastElement(q), "main.m3u8?_HLS_msn") {
		q = q.Clone(q.Context())
		q.URL.RawQuery = ""
	}
	return serve(q)
}

func slow(pattern string, d time.Duration) spoiler {
	return on(pattern, func(*answer) { time.Sleep(d) })
}

// stopped gives up after a while.
func stopped(after time.Duration) spoiler {
	return func(serve func(*http.Request) *answer, q *http.Request) *answer {
		a := serve(q)
		if strings.HasPrefix(lastElement(q), "main.m3u8?_HLS_msn") {
			time.Sleep(after - 200*time.Millisecond) // it has waited for a part
			refuse(503)(a)
		}
		return a
	}
}

// skipMore skips one segment more of a delta update than may be.
func skipMore(a *answer) {
	text := regexp.MustCompile(`(?m)^#EXT-X-SKIP:SKIPPED-SEGMENTS=([0-9]+)\n.*\n.*\n.*\n`).FindSubmatchIndex(a.body)
	if text == nil {
		return
	}
	n, _ := strconv.Atoi(string(a.body[text[2]:text[3]]))
	a.body = slices.Concat(a.body[:text[0]], []byte("#EXT-X-SKIP:SKIPPED-SEGMENTS="+strconv.Itoa(n+1)+"\n"), a.body[text[1]:])
}

// first spoils a file when it is asked for the first time, again when it is asked for again.
func first(pattern string, change func(*answer)) spoiler { return count(pattern, change, false) }

func again(pattern string, change func(*answer)) spoiler { return count(pattern, change, true) }

func count(pattern string, change func(*answer), again bool) spoiler {
	re := regexp.MustCompile(pattern)
	var before sync.Map
	return func(serve func(*http.Request) *answer, q *http.Request) *answer {
		a := serve(q)
		if re.MatchString(lastElement(q)) && a.status == 200 {
			if _, known := before.LoadOrStore(q.URL.Path, true); known == again {
				change(a)
			}
		}
		return a
	}
}

func unrefused(serve func(*http.Request) *answer, q *http.Request) *answer {
	a := serve(q)
	if a.status == http.StatusRequestedRangeNotSatisfiable {
		a.status = 206
	}
	return a
}

func lenient(pattern string) spoiler {
	re := regexp.MustCompile(pattern)
	return func(serve func(*http.Request) *answer, q *http.Request) *answer {
		if re.MatchString(lastElement(q)) {
			q = q.Clone(q.Context())
			q.URL.RawQuery = ""
		}
		return serve(q)
	}
}

func allowed(serve func(*http.Request) *answer, q *http.Request) *answer {
	if q.Method == http.MethodPost {
		q = q.Clone(q.Context())
		q.Method = http.MethodGet
	}
	return serve(q)
}
