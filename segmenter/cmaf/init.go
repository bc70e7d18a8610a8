package cmaf

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"

	"shoal/internal/media"
)

// ErrNoTracks says that an init segment was asked for without a track.
var ErrNoTracks = errors.New("an init segment needs at least one track")

// ftyp is the file type box of every init segment. The major brand is the one that defines the
// default-base-is-moof flag of our chunks (ISO/IEC 14496-12, annex E); "cmfc" is not claimed, since CMAF has no muxed
// tracks.
var ftyp = []byte("\x00\x00\x00\x18ftypiso6\x00\x00\x00\x00iso6mp41")

// Init makes the init segment, ftyp+moov, for a set of tracks. It fails if there is no track or if a track's codec cannot
// be described.
func Init(tracks []media.Track) ([]byte, error) {
	if len(tracks) == 0 {
		return nil, ErrNoTracks
	}
	var file fmp4.Init
	for i := range tracks {
		t := &tracks[i]
		file.Tracks = append(file.Tracks, &fmp4.InitTrack{
			ID:         int(t.ID),
			TimeScale:  t.Timescale,
			AvgBitrate: uint32(t.Bitrate),
			MaxBitrate: uint32(t.Bitrate),
			Codec:      t.Codec.SampleEntry(),
		})
	}
	var w seekablebuffer.Buffer
	if err := file.Marshal(&w); err != nil {
		return nil, fmt.Errorf("write init segment: %w", err)
	}
	theirs := w.Bytes()
	moov := theirs[binary.BigEndian.Uint32(theirs):] // what follows the library's own ftyp
	return append(append(make([]byte, 0, len(ftyp)+len(moov)), ftyp...), moov...), nil
}
