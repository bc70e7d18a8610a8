package acceptance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/semaphore"

	"shoal/internal/testkit/judges"
	"shoal/internal/testkit/node"
)

// evidence is what one live shows to the judges at one moment.
type evidence struct {
	in        input
	playlists []judges.Playlist
	movie     judges.Movie
}

// judge has other people's programs look at lives that run.
func judge(t *testing.T, n *node.Node, all []input) {
	ctx := t.Context()
	var cases []evidence
	var playlists []judges.Playlist
	var movies []judges.Movie
	for _, in := range all {
		e, err := collect(ctx, n, in)
		if err != nil {
			t.Errorf("%s: %v", in.name, err)
			continue
		}
		cases = append(cases, e)
		playlists, movies = append(playlists, e.playlists...), append(movies, e.movie)
	}
	v, err := judges.Ask(ctx, playlists, movies)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range playlists {
		kept(t, strings.ReplaceAll(p.Name, "/", "-"), []byte(p.Text))
		readings(t, p, v.HLSParser[i], v.M3U8Parser[i])
	}
	for i, m := range movies {
		footage(t, cases[i].in, m, v.MP4Box[i])
	}
	// ffprobe and ffmpeg take some of a core each: two at a time.
	few := semaphore.NewWeighted(2)
	var playing sync.WaitGroup
	for _, e := range cases {
		playing.Go(func() {
			if few.Acquire(ctx, 1) == nil {
				defer few.Release(1)
				played(ctx, t, n, e.in)
			}
		})
	}
	playing.Wait()
}

// collect gets all playlists of a live, and the last two segments under one init.
func collect(ctx context.Context, n *node.Node, in input) (evidence, error) {
	e := evidence{in: in}
	get := func(file string) ([]byte, error) {
		status, body, err := n.Get(ctx, n.HLS(in.name, file))
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("%s: status %d: %s", file, status, body)
		}
		return body, err
	}
	for _, master := range []string{"master.m3u8", "classic.m3u8"} {
		text, err := get(master)
		if err != nil {
			return e, err
		}
		e.playlists = append(e.playlists, judges.Playlist{Name: in.name + "/" + master, Text: string(text)})
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			media, err := get(line)
			if err != nil {
				return e, err
			}
			e.playlists = append(e.playlists, judges.Playlist{Name: in.name + "/" + line, Text: string(media)})
			if line != "main.m3u8" {
				continue
			}
			if e.movie, err = footageOf(string(media), get); err != nil {
				return e, err
			}
			e.movie.Name = in.name
		}
	}
	return e, nil
}

// footageOf gets the last run of at least one and at most two complete segments under one init.
func footageOf(media string, get func(string) ([]byte, error)) (judges.Movie, error) {
	var m judges.Movie
	var init string
	last := map[string][]string{}
	var order []string
	for line := range strings.Lines(media) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, `#EXT-X-MAP:URI="`); ok {
			init, _, _ = strings.Cut(rest, `"`)
		} else if line != "" && line[0] != '#' {
			if len(last[init]) == 0 {
				order = append(order, init)
			}
			last[init] = append(last[init], line)
		}
	}
	if len(order) == 0 {
		return m, errors.New("no segment is complete")
	}
	init = order[len(order)-1]
	var err error
	if m.Init, err = get(init); err != nil {
		return m, err
	}
	files := last[init]
	var body bytes.Buffer
	for _, f := range files[max(0, len(files)-2):] {
		b, err := get(f)
		if err != nil {
			return m, err
		}
		body.Write(b)
	}
	m.Media = body.Bytes()
	return m, nil
}

// readings holds what two parsers read in a playlist.
func readings(t *testing.T, p judges.Playlist, hls, m3u8 judges.Reading) {
	t.Helper()
	for who, r := range map[string]judges.Reading{"hls-parser": hls, "m3u8-parser": m3u8} {
		if len(r.Complaints) > 0 {
			t.Errorf("%s does not accept %s: %s\n%s", who, p.Name, r.Complaints, p.Text)
			return
		}
	}
	lowLatency := !strings.Contains(p.Name, "/classic") && hls.Variants == 0
	if hls.Variants != m3u8.Variants || hls.Segments != m3u8.Segments || hls.PartTarget != m3u8.PartTarget || hls.Discontinuities != m3u8.Discontinuities ||
		!hls.SetAside && hls.Parts != m3u8.Parts || m3u8.LowLatency != lowLatency || m3u8.Parts > 0 != lowLatency || hls.Ended || m3u8.Ended {
		t.Errorf("%s: hls-parser reads %+v, m3u8-parser %+v\n%s", p.Name, hls, m3u8, p.Text)
	}
}

// footage holds what mp4box found in segments.
func footage(t *testing.T, in input, m judges.Movie, f judges.Footage) {
	t.Helper()
	if len(f.Complaints) > 0 {
		t.Errorf("mp4box does not accept %s: %s", m.Name, f.Complaints)
		return
	}
	var video, audio int
	for _, k := range f.Tracks {
		if k.Samples == 0 {
			t.Errorf("%s: mp4box finds no sample of track %d (%s)", m.Name, k.ID, k.Codec)
		}
		if strings.HasPrefix(k.Codec, "avc1.") && k.Width > 0 {
			video++
		} else if k.Codec == "mp4a.40.2" && k.Rate > 0 {
			audio++
		}
	}
	if want := in.look; len(f.Tracks) != video+audio || video > 0 != (want.width != 0) || audio > 0 != want.audio {
		t.Errorf("%s: mp4box finds the tracks %+v", m.Name, f.Tracks)
	}
}

// played has ffprobe and ffmpeg look at both multivariant playlists of a live.
func played(ctx context.Context, t *testing.T, n *node.Node, in input) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience) // a live never ends by itself
	defer cancel()
	for _, master := range []string{"master.m3u8", "classic.m3u8"} {
		streams, complaint, err := judges.FFProbe(ctx, n.HLS(in.name, master))
		if err != nil {
			t.Errorf("%s: %v", in.name, err)
			return
		}
		var video, audio bool
		for _, s := range streams {
			video = video || s.Kind == "video" && s.Codec == "h264" && (s.Width == in.look.width && s.Height == in.look.height || in.look.width < 0)
			audio = audio || s.Kind == "audio" && s.Codec == "aac"
		}
		if video != (in.look.width != 0) || audio != in.look.audio {
			t.Errorf("%s: ffprobe finds %+v in %s", in.name, streams, master)
		}
		in.complains(t, "ffprobe", master, complaint)
	}
	seconds := 3.0
	if in.blind == noKey {
		seconds = 11 // until there is one
	}
	d, complaint, err := judges.Decode(ctx, n.HLS(in.name, "classic.m3u8"), seconds)
	if err != nil {
		t.Errorf("%s: %v", in.name, err)
		return
	}
	in.complains(t, "ffmpeg", "classic.m3u8", complaint)
	// Variable rates and pauses leave out pictures, never all of them.
	if d.Video > 0 != (in.look.width != 0) || d.Audio > 0 != in.look.audio {
		t.Errorf("%s: ffmpeg decodes %+v of %v s: %s", in.name, d, seconds, complaint)
	}
}

// complains fails the test for what a decoder says, unless the input lets decoders start where they cannot see yet.
func (in input) complains(t *testing.T, who, what, complaint string) {
	t.Helper()
	if complaint != "" && in.blind == "" {
		t.Errorf("%s: %s complains of %s: %s", in.name, who, what, complaint)
	}
}
