package recording

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Flags of the boxes (ISO/IEC 14496-12, sections 8.8.7 and 8.8.8), and of samples (8.8.3.1).
const (
	tfhdBaseOffset  = 0x000001
	tfhdDescription = 0x000002
	tfhdDuration    = 0x000008
	tfhdSize        = 0x000010
	tfhdFlags       = 0x000020
	tfhdBaseIsMoof  = 0x020000

	trunDataOffset = 0x000001
	trunFirstFlags = 0x000004
	trunDuration   = 0x000100
	trunSize       = 0x000200
	trunFlags      = 0x000400
	trunOffset     = 0x000800

	nonSync = 0x010000
)

// Sizes of a moof, in bytes. The least that a chunk can have is a moof with all its boxes, and an empty mdat; the most
// is far more than 100 ms of audio or one picture takes.
const (
	minMoof  = boxHeader + 16 + boxHeader + 16 + 20 + 20
	minChunk = minMoof + boxHeader
	maxMoof  = 64 << 10
)

// fragment is what the moof of a chunk says: of one track, in one run of samples, as segmenter/cmaf writes it.
type fragment struct {
	track       uint32
	dts         int64
	duration    int64 // of all samples, in the track's timescale
	payload     int64 // bytes of all samples
	samples     int
	independent bool // a decoder may start at the first sample

	// of all samples, where trun does not say it of each
	each, size, flags, first uint32
	has                      uint32 // flags of trun
	list                     []byte // the samples' fields in trun; shared with what was parsed
}

// fragmentSample is one sample of a fragment.
type fragmentSample struct {
	duration, size, flags uint32
	offset                int32 // presentation time minus decode time
}

var errLayout = fmt.Errorf("it is not laid out as chunks are: %w", ErrDamaged)

// parseFragment reads a moof. What it returns shares the memory of b. The error wraps ErrDamaged.
func parseFragment(b []byte) (f fragment, err error) {
	if err := f.read(b); err != nil {
		return fragment{}, fmt.Errorf("read moof: %w", err)
	}
	return f, nil
}

func (f *fragment) read(b []byte) error {
	// moof{mfhd traf{tfhd tfdt trun}}, and nothing else: that is what can be handed out with other numbers.
	if len(b) < minMoof || string(b[4:8]) != "moof" || string(b[12:16]) != "mfhd" || string(b[28:32]) != "traf" {
		return errLayout
	}
	u32 := binary.BigEndian.Uint32
	if u32(b) != uint32(len(b)) || u32(b[8:]) != 16 || uint64(u32(b[24:])) != uint64(len(b)-24) {
		return errLayout
	}
	tfhd := cutBox(b[32:], "tfhd")
	tfdt := cutBox(b[32+len(tfhd):], "tfdt")
	trun := cutBox(b[32+len(tfhd)+len(tfdt):], "trun")
	if len(tfdt) != 20 || tfdt[8] != 1 || 32+len(tfhd)+len(tfdt)+len(trun) != len(b) {
		return errLayout
	}
	if err := f.header(tfhd); err != nil {
		return err
	}
	dts := binary.BigEndian.Uint64(tfdt[12:])
	if dts > math.MaxInt64/4 {
		return errLayout
	}
	f.dts = int64(dts)
	return f.run(trun, len(b))
}

// cutBox gives the box at the start of b if it has a name; nil if it has not.
func cutBox(b []byte, name string) []byte {
	if len(b) < boxHeader || string(b[4:boxHeader]) != name {
		return nil
	}
	size := binary.BigEndian.Uint32(b)
	if size < boxHeader || uint64(size) > uint64(len(b)) {
		return nil
	}
	return b[:size]
}

// header reads tfhd.
func (f *fragment) header(b []byte) error {
	if len(b) < 16 {
		return errLayout
	}
	u32 := binary.BigEndian.Uint32
	has := u32(b[8:]) & 0xffffff
	f.track = u32(b[12:])
	if has&(tfhdBaseOffset|tfhdDescription) != 0 {
		return errLayout
	}
	b = b[16:]
	for _, field := range [...]struct {
		flag uint32
		to   *uint32
	}{{tfhdDuration, &f.each}, {tfhdSize, &f.size}, {tfhdFlags, &f.flags}} {
		if has&field.flag == 0 {
			continue
		}
		if len(b) < 4 {
			return errLayout
		}
		*field.to, b = u32(b), b[4:]
	}
	if len(b) > 0 {
		return errLayout
	}
	return nil
}

// run reads trun, and sums up the samples. Their bytes begin right behind the moof and the header of mdat.
func (f *fragment) run(b []byte, moof int) error {
	if len(b) < 20 {
		return errLayout
	}
	u32 := binary.BigEndian.Uint32
	f.has = u32(b[8:]) & 0xffffff
	count := u32(b[12:])
	if f.has&trunDataOffset == 0 || count == 0 || count > maxMoof || u32(b[16:]) != uint32(moof+boxHeader) {
		return errLayout
	}
	f.samples, f.list = int(count), b[20:]
	if f.first = f.flags; f.has&trunFirstFlags != 0 {
		if len(f.list) < 4 {
			return errLayout
		}
		f.first, f.list = u32(f.list), f.list[4:]
	}
	if len(f.list) != f.samples*f.stride() {
		return errLayout
	}
	for i := range f.samples {
		s := f.sample(i)
		f.duration += int64(s.duration)
		f.payload += int64(s.size)
	}
	f.independent = f.sample(0).flags&nonSync == 0
	return nil
}

// stride is how many bytes trun has for each sample.
func (f *fragment) stride() int {
	n := 0
	for _, field := range [...]uint32{trunDuration, trunSize, trunFlags, trunOffset} {
		if f.has&field != 0 {
			n += 4
		}
	}
	return n
}

// sample is one of the samples.
func (f *fragment) sample(i int) fragmentSample {
	s := fragmentSample{duration: f.each, size: f.size, flags: f.flags}
	if i == 0 {
		s.flags = f.first
	}
	b := f.list[i*f.stride():]
	next := func(flag uint32, to *uint32) {
		if f.has&flag != 0 {
			*to, b = binary.BigEndian.Uint32(b), b[4:]
		}
	}
	var offset uint32
	next(trunDuration, &s.duration)
	next(trunSize, &s.size)
	next(trunFlags, &s.flags)
	next(trunOffset, &offset)
	s.offset = int32(offset)
	return s
}

// scale converts ticks of one timescale to another's, rounding towards zero.
func scale(n int64, from, to uint32) int64 {
	if from == to || from == 0 {
		return n
	}
	f, t := int64(from), int64(to)
	return n/f*t + n%f*t/f
}
