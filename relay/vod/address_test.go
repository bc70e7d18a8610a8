package vod

import (
	"strings"
	"testing"

	"shoal/internal/m3u8"
	"shoal/internal/media"
	"shoal/internal/recording"
	"shoal/relay/hls"
)

var addresses = map[string]address{
	base + "dvr.m3u8":                                {kind: pastMasterKind},
	base + "dvr-main.m3u8":                           {kind: pastKind, rendition: media.Main},
	base + "dvr-v720.m3u8":                           {kind: pastKind, rendition: "v720"},
	base + liveID + "-master.m3u8":                   {kind: masterKind},
	base + liveID + "-main.m3u8":                     {kind: playlistKind, rendition: media.Main},
	base + liveID + "-audio.m3u8":                    {kind: playlistKind, rendition: media.AudioOnly},
	base + liveID + "-main-7-0-fragmented.mp4":       {kind: fileKind, rendition: media.Main, run: "main-7-init0"},
	base + liveID + "-main-7-12.3-fragmented.mp4":    {kind: fileKind, rendition: media.Main, run: "main-7-init12.3"},
	base + liveID + "-main-7.2.a-b-0-fragmented.mp4": {kind: fileKind, rendition: media.Main, run: "main-7.2.a-b-init0"},
	base + liveID + "-720-fragmented.mp4":            {kind: movieKind, height: 720},
	base + liveID + "-0-fragmented.mp4":              {kind: movieKind},
	DownloadPrefix + liveID + "-720-fragmented.mp4":  {kind: movieKind, height: 720, download: true},
	base + "main-7-12.mp4": {kind: segmentKind, rendition: media.Main, name: m3u8.Name{
		Sort: m3u8.SegmentFile, Rendition: media.Main, Epoch: media.Epoch{N: 7}, Number: 12,
	}},
	base + "audio-7-init1.mp4": {kind: initKind, rendition: media.AudioOnly, name: m3u8.Name{
		Sort: m3u8.InitFile, Rendition: media.AudioOnly, Epoch: media.Epoch{N: 7}, Number: 1,
	}},
}

var noAddresses = []string{
	"", "/", hls.Prefix, hls.Prefix + liveID, base, base + "main.m3u8", base + "dvr-.m3u8", base + "dvr-a-b.m3u8", base + "dvr.m3u", base + "main-7-1.2.mp4",
	base + liveID, base + liveID + "-", base + liveID + "-.m3u8", base + liveID + "-a-b.m3u8", base + liveID + "main.m3u8",
	base + liveID + "-master.mp4", base + liveID + "-0720-fragmented.mp4", base + liveID + "-99999-fragmented.mp4", base + liveID + "--fragmented.mp4",
	base + liveID + "-fragmented.mp4", base + liveID + "-main-7-init0-fragmented.mp4", base + liveID + "-main-7-00-fragmented.mp4", base + liveID + "-main-7-0.0-fragmented.mp4",
	base + liveID + "-../x-7-0-fragmented.mp4", base + "../" + liveID + "-master.m3u8", base + "/" + liveID + "-master.m3u8",
	base + strings.ToUpper(liveID) + "-master.m3u8", hls.Prefix + strings.ToUpper(liveID) + "/dvr.m3u8", hls.Prefix + liveID[1:] + "/dvr.m3u8",
	base + strings.Replace(liveID, "7", "8", 1) + "-master.m3u8", DownloadPrefix, DownloadPrefix + liveID, DownloadPrefix + liveID + "-master.m3u8",
	DownloadPrefix + liveID + "/" + liveID + "-720-fragmented.mp4", DownloadPrefix + liveID + "-main-7-0-fragmented.mp4", DownloadPrefix + "x-720-fragmented.mp4",
}

func TestParse(t *testing.T) {
	for path, want := range addresses {
		want.uuid = liveID
		if got, ok := parse(path); !ok || got != want {
			t.Errorf("parse(%q) = %+v, %v; want %+v", path, got, ok, want)
		}
	}
	for _, path := range noAddresses {
		if got, ok := parse(path); ok {
			t.Errorf("parse(%q) = %+v", path, got)
		}
	}
}

// spell writes an address as playlists and pages do.
func spell(a *address) string {
	switch {
	case a.download:
		return DownloadPrefix + MovieFile(a.uuid, a.height)
	case a.kind == masterKind:
		return hls.Prefix + a.uuid + "/" + MasterFile(a.uuid)
	case a.kind == playlistKind:
		return hls.Prefix + a.uuid + "/" + playlistFile(a.uuid, a.rendition)
	case a.kind == movieKind:
		return hls.Prefix + a.uuid + "/" + MovieFile(a.uuid, a.height)
	case a.kind == fileKind:
		return hls.Prefix + a.uuid + "/" + runFile(a.uuid, &recording.Run{Name: a.run})
	case a.kind == pastMasterKind:
		return hls.Prefix + a.uuid + "/" + PastFile
	case a.kind == pastKind:
		return hls.Prefix + a.uuid + "/" + pastPlaylist(a.rendition)
	}
	return hls.Prefix + a.uuid + "/" + a.name.String()
}

func FuzzParse(f *testing.F) {
	for path := range addresses {
		f.Add(path)
	}
	for _, path := range noAddresses {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if a, ok := parse(path); ok && spell(&a) != path {
			t.Errorf("%q is read as %+v, which is spelled %q", path, a, spell(&a))
		}
	})
}
