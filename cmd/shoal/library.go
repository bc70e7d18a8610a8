package main

import (
	"shoal/internal/blob"
	"shoal/internal/broadcast"
	"shoal/internal/library"
	"shoal/internal/media"
	"shoal/internal/recording"
	"shoal/relay/hls"
	"shoal/relay/vod"
)

// gate lets the library judge requests for media.
type gate struct{ *library.Library }

var verdicts = map[library.Access]hls.Verdict{
	library.Unknown: hls.Unknown, library.Open: hls.Open, library.Admitted: hls.Token, library.Forbidden: hls.Forbidden,
}

// Admit implements hls.Gate.
func (g gate) Admit(id media.LiveID, query string) hls.Verdict {
	return verdicts[g.Library.Admit(id, hls.TokenOf(query))]
}

// shelf tells relay/vod what was recorded.
type shelf struct {
	library *library.Library
	lives   *broadcast.Lives
	store   *blob.Store
	back    back
}

// Video implements vod.Library.
func (s shelf) Video(uuid string) (vod.Video, bool) {
	v, ok := s.library.Video(uuid)
	if !ok || len(v.Recordings) == 0 {
		return vod.Video{}, false
	}
	out := vod.Video{Name: v.Name, Download: v.Download}
	for _, r := range v.Recordings {
		out.Recordings = append(out.Recordings, r.Session)
	}
	return out, true
}

// Live implements vod.Library.
func (s shelf) Live(uuid string) (vod.Live, bool) {
	st, ok := s.lives.Get(media.LiveID(uuid))
	if !ok || !st.Recording.On {
		return vod.Live{}, false
	}
	return vod.Live{Session: st.Session, Back: s.back.far()}, true
}

// Open implements vod.Library.
func (s shelf) Open(session string) (*recording.Recording, error) { return s.store.Open(session) }
