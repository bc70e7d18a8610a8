package main

import (
	"shoal/internal/broadcast"
	"shoal/internal/media"
	"shoal/internal/web"
	"shoal/relay/hls"
)

// sourceURL is where the source of this version is offered to those who use it over a network (AGPL-3.0, section 13).
// It is set by the linker where a build is published: -ldflags "-X main.sourceURL=https://...".
var sourceURL = ""

// shownLives shows the lives of broadcast on the pages.
type shownLives struct{ lives *broadcast.Lives }

// Lives implements web.Lives.
func (s shownLives) Lives() []web.Live {
	all := s.lives.All()
	shown := make([]web.Live, len(all))
	for i := range all {
		shown[i] = show(&all[i])
	}
	return shown
}

// Live implements web.Lives.
func (s shownLives) Live(id string) (web.Live, bool) {
	l, ok := s.lives.Get(id)
	if !ok {
		return web.Live{}, false
	}
	return show(&l), true
}

var states = map[broadcast.State]web.State{
	broadcast.Waiting: web.Waiting, broadcast.Running: web.OnAir, broadcast.Interrupted: web.Interrupted, broadcast.Ended: web.Ended,
}

func show(l *broadcast.Status) web.Live {
	at := hls.Prefix + string(l.ID) + "/"
	w := web.Live{
		UUID: string(l.ID), Name: l.Name, State: states[l.State],
		LowLatencyURL: at + "master.m3u8", ClassicURL: at + "classic.m3u8",
		Bitrate: l.Info.Rates[media.Main].Average,
	}
	if l.State != broadcast.Waiting {
		w.StartedAt = &l.Started
	}
	init := l.Info.Init
	if init == nil {
		return w
	}
	if _, ok := init.Data[media.AudioOnly]; ok {
		w.AudioURL = at + "audio.m3u8"
	}
	if v := init.Track(media.Video); v != nil {
		w.Width, w.Height, w.FrameRate, w.VideoCodec = v.Width, v.Height, v.FrameRate, v.Codec.Name()
	}
	if a := init.Track(media.Audio); a != nil {
		w.AudioCodec = a.Codec.Name()
	}
	return w
}
