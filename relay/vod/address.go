package vod

import (
	"math"
	"strings"

	"shoal/internal/m3u8"
	"shoal/internal/media"
	"shoal/internal/recording"
	"shoal/relay/hls"
)

// DownloadPrefix is what the addresses of downloads begin with; the name of a file follows. PeerTube's clients know it.
const DownloadPrefix = "/download/streaming-playlists/hls/videos/"

const (
	playlistEnd = ".m3u8"
	fileEnd     = "-fragmented.mp4"
	pastFile    = "dvr.m3u8"
	pastPrefix  = "dvr-"
	masterWord  = "master"
)

// MasterFile is the name of a replay's multivariant playlist.
func MasterFile(uuid string) string { return uuid + "-" + masterWord + playlistEnd }

// MovieFile is the name of a replay as one file. The height is that of its video in pixels, 0 for its audio alone.
func MovieFile(uuid string, height int) string { return uuid + "-" + decimal(int64(height)) + fileEnd }

// PastFile is the name of the multivariant playlist of a live's recorded past.
const PastFile = pastFile

// playlistFile is the name of a replay's media playlist.
func playlistFile(uuid string, r media.RenditionID) string {
	return uuid + "-" + string(r) + playlistEnd
}

// pastPlaylist is the name of the playlist of a rendition's recorded past.
func pastPlaylist(r media.RenditionID) string { return pastPrefix + string(r) + playlistEnd }

// runFile is the name of a recorded file: the run's, without the word "init", between the video and what players of
// fragmented files know. It is unique over all videos, which PeerTube asks for.
func runFile(uuid string, run *recording.Run) string {
	at := strings.LastIndexByte(run.Name, '-') + 1
	return uuid + "-" + run.Name[:at] + strings.TrimPrefix(run.Name[at:], initWord) + fileEnd
}

const initWord = "init"

// address is what a request asks for, understood, but not looked up.
type address struct {
	kind      kind
	uuid      string
	rendition media.RenditionID
	name      m3u8.Name // of segments and inits
	run       string    // of recorded files
	height    int       // of movies
	download  bool      // to be kept, not played
}

// parse reads a path; false if nothing has it. An address has one spelling, so that caches hold a file once.
func parse(path string) (a address, ok bool) {
	if file, ok := strings.CutPrefix(path, DownloadPrefix); ok {
		if len(file) < uuidLength || !a.video(file[:uuidLength]) {
			return a, false
		}
		a.download = true
		return a, a.own(file[uuidLength:]) && a.kind == movieKind
	}
	rest, ok := strings.CutPrefix(path, hls.Prefix)
	if !ok {
		return a, false
	}
	uuid, file, ok := strings.Cut(rest, "/")
	if !ok || !a.video(uuid) {
		return a, false
	}
	if rest, ok := strings.CutPrefix(file, uuid); ok {
		return a, a.own(rest)
	}
	if name, ok := m3u8.ParseName(file); ok {
		a.name, a.rendition = name, name.Rendition
		switch name.Sort {
		case m3u8.SegmentFile:
			a.kind = segmentKind
			return a, true
		case m3u8.InitFile:
			a.kind = initKind
			return a, true
		}
		return a, false
	}
	if file == pastFile {
		a.kind = pastMasterKind
		return a, true
	}
	r, ok := strings.CutPrefix(file, pastPrefix)
	if !ok {
		return a, false
	}
	a.kind = pastKind
	return a, a.playlist(r)
}

const uuidLength = 36

// video takes a UUID in its canonical form.
func (a *address) video(s string) bool {
	id, err := media.ParseLiveID(s)
	a.uuid = string(id)
	return err == nil && a.uuid == s
}

// own takes what stands behind the UUID in the name of a video's own file.
func (a *address) own(s string) bool {
	s, ok := strings.CutPrefix(s, "-")
	if !ok {
		return false
	}
	if s == masterWord+playlistEnd {
		a.kind = masterKind
		return true
	}
	if strings.HasSuffix(s, playlistEnd) {
		a.kind = playlistKind
		return a.playlist(s)
	}
	if s, ok = strings.CutSuffix(s, fileEnd); !ok {
		return false
	}
	if n, ok := m3u8.ParseNumber(s, math.MaxUint16); ok {
		a.kind, a.height = movieKind, int(n)
		return true
	}
	at := strings.LastIndexByte(s, '-') + 1
	name, ok := recording.ParseName(s[:at] + initWord + s[at:])
	if !ok {
		return false
	}
	a.kind, a.run, a.rendition = fileKind, name.String(), name.Rendition
	return true
}

// playlist takes a rendition and the end of a playlist's name.
func (a *address) playlist(s string) bool {
	s, ok := strings.CutSuffix(s, playlistEnd)
	a.rendition = media.RenditionID(s)
	return ok && m3u8.IsRendition(s)
}
