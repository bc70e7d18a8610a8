package vod

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"time"

	"shoal/internal/httpd"
	"shoal/internal/media"
	"shoal/internal/recording"
)

// What caches are told of media.
const (
	// forever is for bytes whose name will never mean anything else.
	forever = "public, max-age=31536000, immutable"
	// privateWhile is for the same where a token asked: for who seeks back. The token does not last much longer.
	privateWhile = "private, max-age=3600, immutable"
	// again is for what may be longer or shorter next time, which its entity tag tells.
	again = "no-cache"
	// privateAgain is for the same where a token asked.
	privateAgain = "private, no-cache"
)

// file answers with a recorded file of a video, or a range of it.
func (s *Server) file(v *visit, a *address) error {
	_, recs, err := s.video(a)
	if err != nil {
		return err
	}
	for _, rec := range recs {
		if run, ok := rec.Run(a.run); ok {
			return v.run(rec, run, "", 0, -1)
		}
	}
	return noAddress
}

// source is a recording from which segments may be had.
type source struct {
	session string
	since   time.Time // older ones may not be had; zero for no bound
}

// grown is how much older than the past that is listed a segment may be: players fetch some time after they have read.
const grown = 2 * time.Minute

// segment answers with a segment or an init under the name that it had in memory.
func (s *Server) segment(v *visit, a *address) error {
	sources := make([]source, 0, 4)
	if _, w, l, err := s.running(a, a.rendition); err == nil {
		sources = append(sources, source{l.Session, w.Last().Date.Add(-l.Back - grown)})
	}
	if video, ok := s.library.Video(a.uuid); ok {
		for _, session := range video.Recordings {
			sources = append(sources, source{session: session})
		}
	}
	for _, from := range sources {
		rec, err := s.open(from.session)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if a.kind == initKind {
			if run, ok := rec.FindInit(a.rendition, a.name.Epoch, uint32(a.name.Number)); ok {
				return v.run(rec, run, a.name.String(), 0, run.InitSize)
			}
			continue
		}
		if run, g, ok := rec.Find(a.rendition, a.name.Epoch, a.name.Number); ok && g.Size > 0 && !g.Date.Before(from.since) {
			return v.run(rec, run, a.name.String(), g.Offset, g.Size)
		}
	}
	return noSegment
}

// run answers with a run of bytes of a recorded file, under a name of its own, or with all of it (size below 0). What is
// there is never changed, so that session, name and size tell the bytes.
func (v *visit) run(rec *recorded, run recording.Run, name string, from, size int64) error {
	f, err := rec.File(run)
	if errors.Is(err, fs.ErrNotExist) {
		return noSegment // it was trimmed just now
	}
	if err != nil {
		return fmt.Errorf("open run %s of session %s: %w", run.Name, rec.session, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("look at run %s of session %s: %w", run.Name, rec.session, err)
	}
	content, err := content(f, from, size)
	if err != nil {
		return fmt.Errorf("read run %s of session %s: %w", run.Name, rec.session, err)
	}
	if size < 0 {
		name, size = run.Name, info.Size()
	}
	v.content(content, information{
		kind: mediaType(run.HasVideo), cache: forever, private: privateWhile,
		tag: rec.session + "-" + name + "-" + decimal(size), modified: info.ModTime(),
	})
	return nil
}

func content(f *os.File, from, size int64) (io.ReadSeeker, error) {
	if size < 0 {
		return f, nil
	}
	return httpd.NewFileRange(f, from, size)
}

// information is what the header of an answer says of its content.
type information struct {
	kind           string // Content-Type
	cache, private string // Cache-Control: of what is public, and where a token asked
	tag            string // ETag, without its quotes
	modified       time.Time
}

func (v *visit) content(c io.ReadSeeker, i information) {
	h := v.w.Header()
	h.Set("Content-Type", i.kind)
	h.Set("Cache-Control", i.cache)
	if v.token != "" {
		h.Set("Cache-Control", i.private)
	}
	h.Set("ETag", `"`+i.tag+`"`)
	http.ServeContent(v.w, v.r, "", i.modified, c)
}

func mediaType(video bool) string {
	if video {
		return "video/mp4"
	}
	return "audio/mp4"
}

// movie answers with a whole replay as one file, made while it is sent.
func (s *Server) movie(v *visit, a *address) error {
	video, recs, err := s.video(a)
	if err != nil {
		return err
	}
	if a.download && !video.Download {
		return notToKeep
	}
	r, ok := renditionOf(recs, a.height)
	if !ok {
		return noMovie
	}
	if len(recs) > 1 {
		return several
	}
	m, err := recs[0].MP4(r)
	if errors.Is(err, recording.ErrEmpty) {
		return noMovie
	}
	if err != nil {
		return fmt.Errorf("session %s: %w", recs[0].session, err)
	}
	open := m.Open()
	defer open.Close()
	content := &reading{ReadSeeker: open}
	if a.download {
		end := ".mp4"
		if a.height == 0 {
			end = ".m4a"
		}
		v.w.Header().Set("Content-Disposition", attachment(video.Name, end))
	}
	v.content(content, information{
		kind: mediaType(a.height > 0), cache: again, private: privateAgain,
		tag: recs[0].session + "-" + string(r) + "-" + decimal(m.Size()), modified: m.Modified(),
	})
	if content.err != nil {
		s.log.Error("a download broke off: the recording cannot be read", "video", a.uuid, "session", recs[0].session, "error", content.err)
	}
	return nil
}

// renditionOf finds the rendition that has video of a height; with height 0, one that is audio alone.
func renditionOf(recs []*recorded, height int) (media.RenditionID, bool) {
	all := renditions(recs)
	if height == 0 && slices.Contains(all, media.AudioOnly) {
		return media.AudioOnly, true
	}
	for _, r := range all {
		video, fits := false, false
		for _, rec := range recs {
			for _, run := range rec.Runs(r) {
				video = video || run.HasVideo
				fits = fits || run.Height == height
			}
		}
		if fits && video == (height > 0) {
			return r, true
		}
	}
	return "", false
}

// reading remembers why a content could not be read to its end: http.ServeContent keeps it to itself.
type reading struct {
	io.ReadSeeker
	err error
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.ReadSeeker.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}
