package vod

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/internal/httpd"
	"shoal/internal/media"
	"shoal/internal/recording"
	"shoal/relay/hls"
)

// Server answers requests for recordings. Safe for concurrent use.
type Server struct {
	library Library
	hub     hls.Hub
	gate    hls.Gate // nil if all is open
	log     *slog.Logger
	metrics *metrics

	shelf *shelf
	zip   hls.Compressor // of playlists with a token, which are one viewer's and are not kept
	pasts pasts
}

// New makes a server. The gate may be nil: then everything is open. Metrics are registered on reg; it fails if they are
// there already.
func New(library Library, hub hls.Hub, gate hls.Gate, log *slog.Logger, reg prometheus.Registerer) (*Server, error) {
	s := &Server{library: library, hub: hub, gate: gate, log: log}
	s.shelf = newShelf(func(began time.Time) { s.metrics.timeRender(began) })
	s.pasts.all = map[media.LiveID]past{}
	var err error
	if s.metrics, err = newMetrics(reg, s.shelf.bytes); err != nil {
		return nil, err
	}
	return s, nil
}

// What is refused, and what to do then.
var (
	noAddress = refusal(http.StatusNotFound, "there is no such file: start from the playlist that the video's page names")
	noVideo   = refusal(http.StatusNotFound, "there is no such video here, or it has no recording: look for it on the instance's pages")
	noPast    = refusal(http.StatusNotFound, "this live cannot be taken back: play its master.m3u8 or classic.m3u8")
	noSegment = refusal(http.StatusNotFound, "neither the live nor its recording has this file: reload the playlist")
	noMovie   = refusal(http.StatusNotFound, "the video has no file of this height: the video's page names those that it has")
	several   = refusal(http.StatusNotFound, "this video shows several broadcasts and is not one file: play it from its playlist")
	notToKeep = &httpd.Error{Status: http.StatusForbidden, Message: "the video's owner does not offer it for download: it can be played on its page"}
	notPublic = &httpd.Error{Status: http.StatusForbidden, Message: hls.NotPublic}
	badMethod = &httpd.Error{Status: http.StatusMethodNotAllowed, Message: "recordings are only read: use GET, HEAD or OPTIONS"}
)

// refusal may be kept for a moment: players ask again at once.
func refusal(status int, message string) *httpd.Error {
	return &httpd.Error{Status: status, Message: message, MaxAge: time.Second}
}

const methods = "GET, HEAD, OPTIONS"

// ServeHTTP answers requests under hls.Prefix and DownloadPrefix.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Pages of other sites may play what is public here, read how much they got, and measure it.
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Content-Length, Content-Range, Date, ETag")
	h.Set("Timing-Allow-Origin", "*")
	a, ok := parse(r.URL.Path)
	var err error = noAddress
	switch {
	case r.Method == http.MethodOptions:
		h.Set("Access-Control-Allow-Methods", methods)
		h.Set("Access-Control-Allow-Headers", "Range")
		h.Set("Access-Control-Max-Age", "86400")
		h.Set("Allow", methods)
		w.WriteHeader(http.StatusNoContent)
		err = nil
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", methods)
		err = badMethod
	case ok:
		err = s.serve(w, r, &a)
	}
	s.metrics.requests[a.kind][result(err)].Inc()
	if err != nil {
		httpd.WriteError(w, err)
	}
}

func result(err error) int {
	if err == nil {
		return served
	}
	if e := (*httpd.Error)(nil); errors.As(err, &e) && e.Status < 500 {
		return refused
	}
	return failed
}

// serve answers, or writes nothing and says why it cannot.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, a *address) error {
	token, err := s.admit(a, r.URL.RawQuery)
	if err != nil {
		return err
	}
	v := &visit{w: w, r: r, token: token}
	switch a.kind {
	case masterKind:
		return s.master(v, a)
	case playlistKind:
		return s.playlist(v, a)
	case fileKind:
		return s.file(v, a)
	case movieKind:
		return s.movie(v, a)
	case pastMasterKind:
		return s.pastMaster(v, a)
	case pastKind:
		return s.past(v, a)
	}
	return s.segment(v, a)
}

// admit asks the gate; the token is that which admits, empty for what is public.
func (s *Server) admit(a *address, query string) (token string, err error) {
	if s.gate == nil {
		return "", nil
	}
	switch s.gate.Admit(media.LiveID(a.uuid), query) {
	case hls.Open:
		return "", nil
	case hls.Unknown:
		return "", noVideo
	case hls.Token:
		if token := hls.TokenOf(query); token != "" {
			return token, nil
		}
	}
	return "", notPublic
}

// visit is a request that was admitted, and where its answer goes.
type visit struct {
	w     http.ResponseWriter
	r     *http.Request
	token string
}

// video finds the video of an address with the recordings that it still has, in order.
func (s *Server) video(a *address) (Video, []*recorded, error) {
	v, ok := s.library.Video(a.uuid)
	if !ok {
		return v, nil, noVideo
	}
	var all []*recorded
	for _, session := range v.Recordings {
		rec, err := s.open(session)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the rest can be played
		}
		if err != nil {
			return v, nil, err
		}
		all = append(all, rec)
	}
	if len(all) == 0 {
		return v, nil, noVideo
	}
	return v, all, nil
}

// recorded is a session's recording.
type recorded struct {
	*recording.Recording
	session string
}

func (s *Server) open(session string) (*recorded, error) {
	rec, err := s.library.Open(session)
	if err != nil {
		return nil, fmt.Errorf("open the recording of session %s: %w", session, err)
	}
	return &recorded{rec, session}, nil
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
