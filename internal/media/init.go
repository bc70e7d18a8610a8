package media

import (
	"strings"
	"time"
)

// RenditionID names a rendition within a live; it stands in file names.
type RenditionID string

// The renditions of a live with one video and one audio track.
const (
	Main      RenditionID = "main"  // every track, muxed
	AudioOnly RenditionID = "audio" // the audio track alone, over the same chunks
)

// Init opens a run of chunks that one decoder set-up can play: the start of an epoch, or what follows a discontinuity.
// All chunks between an Init and the next belong to it.
type Init struct {
	Live  LiveID
	Epoch Epoch
	Index uint32 // number of the init within its epoch, from 0; it stands in file names

	Tracks []Track
	// PartTarget is PART-TARGET of the main rendition, AudioPartTarget that of the audio-only one. Fixed for the
	// life of a live: only the first Init of a live decides.
	PartTarget, AudioPartTarget time.Duration
	// Segment is the media sequence number of the first segment that follows.
	Segment uint64
	// Discontinuity says that what follows does not go on from what was before (always so but for the first of a
	// live).
	Discontinuity bool
	// Reason is why, for logs and the studio: "start", "resolution", "clock", ...
	Reason string
	// Date is the wall-clock time of Start, from the arrival of the first unit, and the base of
	// EXT-X-PROGRAM-DATE-TIME.
	Date time.Time
	// Start is the decode time, on the epoch's clock, that Date belongs to.
	Start time.Duration

	// Data holds ftyp+moov per rendition. Immutable.
	Data map[RenditionID][]byte
}

// Track returns the first track of a kind, nil if there is none.
func (i *Init) Track(k Kind) *Track {
	for n := range i.Tracks {
		if i.Tracks[n].Kind() == k {
			return &i.Tracks[n]
		}
	}
	return nil
}

// Carries says whether a rendition contains a track.
func (i *Init) Carries(r RenditionID, track uint32) bool {
	if r == Main {
		return true
	}
	a := i.Track(Audio)
	return a != nil && a.ID == track
}

// Codecs is the CODECS attribute of a rendition.
func (i *Init) Codecs(r RenditionID) string {
	var s []string
	for n := range i.Tracks {
		if i.Carries(r, i.Tracks[n].ID) {
			s = append(s, i.Tracks[n].Codec.RFC6381())
		}
	}
	return strings.Join(s, ",")
}
