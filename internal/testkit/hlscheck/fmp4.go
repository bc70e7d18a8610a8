package hlscheck

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"
)

// initSegment is what an init says.
type initSegment struct {
	brands []string
	tracks map[uint32]track
}

type track struct {
	video         bool
	avc           bool
	timescale     uint32
	codec         string // RFC 6381, as far as we can tell; empty if not
	width, height int
	trex          *mp4.TrexBox
}

func (i *initSegment) video() *track {
	for _, t := range i.tracks {
		if t.video {
			return &t
		}
	}
	return nil
}

func parseInit(data []byte) (*initSegment, error) {
	f, err := mp4.DecodeFile(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if f.Ftyp == nil || f.Moov == nil || f.Moov.Mvex == nil || len(f.Children) != 2 {
		return nil, errors.New("not a ftyp and a moov for fragments")
	}
	i := &initSegment{brands: append([]string{f.Ftyp.MajorBrand()}, f.Ftyp.CompatibleBrands()...), tracks: map[uint32]track{}}
	for _, trak := range f.Moov.Traks {
		id := trak.Tkhd.TrackID
		t := track{timescale: trak.Mdia.Mdhd.Timescale}
		t.trex, _ = f.Moov.Mvex.GetTrex(id)
		if t.trex == nil || t.timescale == 0 {
			return nil, fmt.Errorf("track %d has no trex or no timescale", id)
		}
		stsd := trak.Mdia.Minf.Stbl.Stsd
		switch trak.Mdia.Hdlr.HandlerType {
		case "vide":
			t.video = true
			if x := stsd.AvcX; x != nil && x.AvcC != nil {
				c := x.AvcC
				t.avc = true
				t.codec = fmt.Sprintf("avc1.%02x%02x%02x", c.AVCProfileIndication, c.ProfileCompatibility, c.AVCLevelIndication)
				t.width, t.height = int(x.Width), int(x.Height)
			}
		case "soun":
			if stsd.Mp4a != nil {
				t.codec = "mp4a.40." // what follows is the codec's own affair
			}
		default:
			return nil, fmt.Errorf("track %d is of kind %q", id, trak.Mdia.Hdlr.HandlerType)
		}
		i.tracks[id] = t
	}
	if len(i.tracks) == 0 {
		return nil, errors.New("no track")
	}
	return i, nil
}

// chunk is one moof+mdat.
type chunk struct {
	track       uint32
	video       bool
	dts         uint64
	duration    uint64
	timescale   uint32
	key         bool // a sample is an IDR picture, or marked as sync
	independent bool // that, or a recovery point
	sum         [sha256.Size]byte
}

func (c *chunk) length() time.Duration { return ticks(c.duration, c.timescale) }

func ticks(n uint64, timescale uint32) time.Duration {
	ts := uint64(timescale)
	return time.Duration(n/ts)*time.Second + time.Duration(n%ts*uint64(time.Second)/ts)
}

// parseChunks reads a run of whole chunks. A chunk has one track.
func parseChunks(init *initSegment, data []byte) ([]chunk, error) {
	var all []chunk
	r := bytes.NewReader(data)
	for r.Len() > 0 {
		from := len(data) - r.Len()
		moof, err := mp4.DecodeBox(uint64(from), r)
		if err != nil {
			return nil, err
		}
		mdat, err := mp4.DecodeBox(uint64(len(data)-r.Len()), r)
		if err != nil {
			return nil, fmt.Errorf("behind the %s at %d: %w", moof.Type(), from, err)
		}
		if moof.Type() != "moof" || mdat.Type() != "mdat" {
			return nil, fmt.Errorf("%s and %s at %d, not moof and mdat", moof.Type(), mdat.Type(), from)
		}
		var f mp4.Fragment
		f.AddChild(moof)
		f.AddChild(mdat)
		c, err := parseChunk(init, &f)
		if err != nil {
			return nil, fmt.Errorf("chunk at %d: %w", from, err)
		}
		c.sum = sha256.Sum256(data[from : len(data)-r.Len()])
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, errors.New("no chunk")
	}
	return all, nil
}

func parseChunk(init *initSegment, f *mp4.Fragment) (c chunk, err error) {
	if len(f.Moof.Trafs) != 1 {
		return c, fmt.Errorf("%d tracks", len(f.Moof.Trafs))
	}
	traf := f.Moof.Traf
	t, ok := init.tracks[traf.Tfhd.TrackID]
	if !ok || traf.Tfdt == nil {
		return c, fmt.Errorf("track %d is not in the init, or has no tfdt", traf.Tfhd.TrackID)
	}
	samples, err := f.GetFullSamples(t.trex)
	if err != nil {
		return c, err
	}
	if len(samples) == 0 {
		return c, errors.New("no sample")
	}
	c = chunk{track: traf.Tfhd.TrackID, video: t.video, dts: traf.Tfdt.BaseMediaDecodeTime(), timescale: t.timescale}
	for i := range samples {
		s := &samples[i]
		if s.Dur == 0 || s.Size == 0 {
			return c, fmt.Errorf("sample %d has %d ticks and %d bytes", i, s.Dur, s.Size)
		}
		c.duration += uint64(s.Dur)
		if !t.video {
			c.key, c.independent = true, true
			continue
		}
		key, recovery := !mp4.DecodeSampleFlags(s.Flags).SampleIsNonSync, false
		if t.avc {
			idr := false
			if idr, recovery, err = accessUnit(s.Data); err != nil {
				return c, fmt.Errorf("sample %d: %w", i, err)
			}
			if idr && !key || key && !idr && !recovery {
				return c, fmt.Errorf("sample %d: IDR picture %v, recovery point %v, sync sample %v", i, idr, recovery, key)
			}
			key = idr
		}
		c.key = c.key || key
		c.independent = c.independent || key || recovery
	}
	return c, nil
}

// accessUnit looks for an IDR picture and for a recovery point SEI in H.264 NAL units with lengths of four bytes
// (ISO/IEC 14496-10, sections 7.3.1 and D.1.8).
func accessUnit(b []byte) (idr, recovery bool, err error) {
	for len(b) > 0 {
		if len(b) < 5 {
			return false, false, errors.New("a NAL unit is cut off")
		}
		n := uint64(b[0])<<24 | uint64(b[1])<<16 | uint64(b[2])<<8 | uint64(b[3])
		if n == 0 || n > uint64(len(b)-4) {
			return false, false, fmt.Errorf("a NAL unit of %d bytes in %d", n, len(b)-4)
		}
		switch nal := b[4 : 4+n]; nal[0] & 0x1f {
		case 5:
			idr = true
		case 6:
			recovery = recovery || hasRecoveryPoint(nal[1:])
		}
		b = b[4+n:]
	}
	return idr, recovery, nil
}

func hasRecoveryPoint(sei []byte) bool {
	for len(sei) > 1 && sei[0] != 0x80 {
		var field [2]int
		for i := range field {
			for len(sei) > 0 && sei[0] == 0xff {
				field[i] += 255
				sei = sei[1:]
			}
			if len(sei) == 0 {
				return false
			}
			field[i] += int(sei[0])
			sei = sei[1:]
		}
		if field[0] == 6 {
			return true
		}
		sei = sei[min(field[1], len(sei)):]
	}
	return false
}

// ordered says whether chunks stand by start time, audio first on a tie.
func ordered(chunks []chunk) bool {
	return slices.IsSortedFunc(chunks, func(a, b chunk) int {
		// Starts are compared as fractions: rounding must not make or break a tie.
		x, y := a.dts*uint64(b.timescale), b.dts*uint64(a.timescale)
		switch {
		case x < y || x == y && !a.video && b.video:
			return -1
		case x > y || x == y && a.video && !b.video:
			return 1
		}
		return 0
	})
}
