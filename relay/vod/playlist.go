package vod

import (
	"net/http"
	"slices"
	"strings"

	"shoal/internal/m3u8"
	"shoal/internal/media"
	"shoal/internal/recording"
	"shoal/relay/hls"
)

// playlist answers with a replay's media playlist.
func (s *Server) playlist(v *visit, a *address) error {
	video, recs, err := s.video(a)
	if err != nil {
		return err
	}
	var sessions []string
	var of edition
	for _, rec := range recs {
		sessions = append(sessions, rec.session)
		of.segments += uint64(rec.Extent(a.rendition).Segments)
	}
	of.sessions = strings.Join(sessions, " ")
	t, err := s.shelf.find(title{a.kind, a.uuid, string(a.rendition)}, of, func() ([]byte, error) {
		if len(recs) < len(video.Recordings) {
			s.log.Warn("some of a video's recordings are not in the store; the rest is shown", "video", a.uuid, "missing", len(video.Recordings)-len(recs))
		}
		var files []m3u8.File
		for _, rec := range recs {
			files = s.files(files, a, rec)
		}
		return vodText(files)
	})
	if err != nil {
		return err
	}
	return s.text(v, t)
}

func vodText(files []m3u8.File) ([]byte, error) {
	segments, name := 0, 0
	for i := range files {
		segments += len(files[i].Segments)
		name = max(name, len(files[i].URI))
	}
	b, ok := m3u8.AppendVOD(make([]byte, 0, 512+segments*(name+110)), files)
	if !ok {
		return nil, noVideo
	}
	return b, nil
}

// files describes the runs of a recording. One that cannot be read is left out: the rest can be played.
func (s *Server) files(all []m3u8.File, a *address, rec *recorded) []m3u8.File {
	for _, run := range rec.Runs(a.rendition) {
		segments, err := rec.Segments(run, 0, rec.Len(run))
		if err != nil {
			s.log.Error("a recorded file cannot be read and is left out of its video", "video", a.uuid, "session", rec.session, "error", err)
			continue
		}
		f := m3u8.File{URI: runFile(a.uuid, &run), InitSize: run.InitSize, Segments: make([]m3u8.Span, len(segments))}
		for i := range segments {
			g := &segments[i]
			f.Segments[i] = m3u8.Span{
				Offset: g.Offset, Size: g.Size, Duration: g.Duration, Date: g.Date,
				Discontinuity: g.Discontinuity, Independent: g.Independent,
			}
		}
		all = append(all, f)
	}
	return all
}

// master answers with a replay's multivariant playlist. It is short, and made for each request.
func (s *Server) master(v *visit, a *address) error {
	_, recs, err := s.video(a)
	if err != nil {
		return err
	}
	var variants []m3u8.Variant
	for _, r := range renditions(recs) {
		if one, ok := variant(recs, r); ok {
			one.URI = playlistFile(a.uuid, r)
			variants = append(variants, one)
		}
	}
	if len(variants) == 0 {
		return noVideo
	}
	return s.text(v, s.shelf.newText(m3u8.AppendMultivariant(nil, variants...)))
}

// renditions are those that any of the recordings has, the main one first.
func renditions(recs []*recorded) (all []media.RenditionID) {
	for _, rec := range recs {
		for _, r := range rec.Renditions() {
			if !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b media.RenditionID) int {
		switch {
		case a == media.Main:
			return -1
		case b == media.Main:
			return 1
		}
		return 0
	})
	return all
}

// variant describes a rendition; false if it has no segment.
func variant(recs []*recorded, r media.RenditionID) (v m3u8.Variant, ok bool) {
	var sum recording.Extent
	var best recording.Run
	var video, audio string
	for _, rec := range recs {
		e := rec.Extent(r)
		sum.Bytes += e.Bytes
		sum.Duration += e.Duration
		sum.Peak = max(sum.Peak, e.Peak)
		sum.Segments += e.Segments
		for _, run := range rec.Runs(r) {
			if rec.Len(run) == 0 {
				continue
			}
			for codec := range strings.SplitSeq(run.Codecs, ",") {
				switch {
				case strings.HasPrefix(codec, "mp4a."):
					if audio == "" {
						audio = codec
					}
				case video == "" || run.Height > best.Height:
					// Of several, the one that asks most of a decoder: players take one codec of a kind.
					video = codec
				}
			}
			if run.Height > best.Height {
				best = run
			}
		}
	}
	codecs := slices.DeleteFunc([]string{video, audio}, func(s string) bool { return s == "" })
	return m3u8.Variant{
		Bandwidth: max(sum.Peak, sum.Average()), Average: sum.Average(), Codecs: strings.Join(codecs, ","),
		Width: best.Width, Height: best.Height, FrameRate: best.FrameRate,
	}, sum.Segments > 0
}

const mpegURL = "application/vnd.apple.mpegurl"

// text answers with a playlist, with the viewer's token in it if there is one.
func (s *Server) text(v *visit, t *text) error {
	h := v.w.Header()
	zip := hls.AcceptsGzip(strings.Join(v.r.Header["Accept-Encoding"], ","))
	h.Set("Content-Type", mpegURL)
	h.Set("Vary", "Accept-Encoding")
	if zip {
		h.Set("Content-Encoding", "gzip")
	}
	var body []byte
	if v.token != "" {
		plain, err := t.plain()
		if err != nil {
			return err
		}
		h.Set("Cache-Control", "private, no-store")
		body = m3u8.AppendToken(make([]byte, 0, 3*len(plain)), plain, v.token)
		if zip {
			body = s.zip.Compress(body)
		}
	} else {
		// It may change: a replay is trimmed or deleted, a live goes on. So it is asked for again, which costs little.
		tag := `"` + t.tag + `"`
		if zip {
			tag = `"` + t.tag + `-gzip"`
		}
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", tag)
		if matches(v.r.Header["If-None-Match"], tag) {
			h.Del("Content-Type")
			h.Del("Content-Encoding")
			v.w.WriteHeader(http.StatusNotModified)
			return nil
		}
		body = t.zipped
		if !zip {
			var err error
			if body, err = t.plain(); err != nil {
				return err
			}
		}
	}
	h.Set("Content-Length", decimal(int64(len(body))))
	v.w.WriteHeader(http.StatusOK)
	if v.r.Method == http.MethodGet {
		_, _ = v.w.Write(body) // fails when the viewer is gone, which is no news
	}
	return nil
}

// matches reads an If-None-Match header (RFC 9110, section 13.1.2).
func matches(header []string, tag string) bool {
	for _, line := range header {
		for one := range strings.SplitSeq(line, ",") {
			one = strings.TrimSpace(one)
			if one == "*" || strings.TrimPrefix(one, "W/") == tag {
				return true
			}
		}
	}
	return false
}
