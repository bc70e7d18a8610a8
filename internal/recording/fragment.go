package recording

import (
	"encoding/binary"
	"errors"
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

// fragment is what a moof says: of one track, in one run of samples, as segmenter/cmaf writes it. Positions are those of
// fields within it.
type fragment struct {
	size        int // of the moof
	track       uint32
	dts         int64
	duration    int64 // of all samples, in the track's timescale
	independent bool  // a decoder may start at the first sample

	tfhd, tfdt, trun int // where the boxes begin
	defaultDuration  int // where that is in tfhd; 0 if it is not
}

// parseFragment reads a moof. The error wraps ErrDamaged.
func parseFragment(b []byte) (fragment, error) {
	f := fragment{size: len(b)}
	if err := f.read(b); err != nil {
		return fragment{}, fmt.Errorf("read moof: %w", err)
	}
	return f, nil
}

var errLayout = fmt.Errorf("it is not laid out as chunks are: %w", ErrDamaged)

func (f *fragment) read(b []byte) error {
	// moof{mfhd traf{tfhd tfdt trun}}, and nothing else: that is what can be handed out with other numbers.
	if len(b) < minMoof || string(b[4:8]) != "moof" || string(b[12:16]) != "mfhd" || string(b[28:32]) != "traf" {
		return errLayout
	}
	u32 := binary.BigEndian.Uint32
	if u32(b) != uint32(len(b)) || u32(b[8:]) != 16 || uint64(u32(b[24:])) != uint64(len(b)-24) {
		return errLayout
	}
	f.tfhd = 32
	tfhd := cutBox(b[f.tfhd:], "tfhd")
	f.tfdt = f.tfhd + len(tfhd)
	tfdt := cutBox(b[f.tfdt:], "tfdt")
	f.trun = f.tfdt + len(tfdt)
	trun := cutBox(b[f.trun:], "trun")
	if len(tfdt) != 20 || tfdt[8] != 1 || f.trun+len(trun) != len(b) {
		return errLayout
	}
	duration, flags, err := f.header(tfhd)
	if err != nil {
		return err
	}
	dts := binary.BigEndian.Uint64(tfdt[12:])
	if dts > math.MaxInt64/4 {
		return errLayout
	}
	f.dts = int64(dts)
	return f.samples(trun, duration, flags)
}

// cutBox gives the box at the start of b if it has a name; nil if it has not.
func cutBox(b []byte, name string) []byte {
	size, got, err := boxTop(b)
	if err != nil || got != name || size > int64(len(b)) {
		return nil
	}
	return b[:size]
}

// header reads tfhd.
func (f *fragment) header(b []byte) (duration, flags uint32, err error) {
	if len(b) < 16 {
		return 0, 0, errLayout
	}
	u32 := binary.BigEndian.Uint32
	has := u32(b[8:]) & 0xffffff
	f.track = u32(b[12:])
	if has&(tfhdBaseOffset|tfhdDescription) != 0 {
		return 0, 0, errLayout
	}
	at := 16
	for _, field := range [...]uint32{tfhdDuration, tfhdSize, tfhdFlags} {
		if has&field == 0 {
			continue
		}
		if len(b) < at+4 {
			return 0, 0, errLayout
		}
		switch field {
		case tfhdDuration:
			duration, f.defaultDuration = u32(b[at:]), f.tfhd+at
		case tfhdFlags:
			flags = u32(b[at:])
		}
		at += 4
	}
	if at != len(b) {
		return 0, 0, errLayout
	}
	return duration, flags, nil
}

// trunLayout is where the fields of a trun are.
type trunLayout struct {
	has   uint32
	n     int
	first int // of the first sample's fields within the box
	each  int // bytes per sample
}

func layoutOf(b []byte) (l trunLayout, err error) {
	if len(b) < 20 {
		return l, errLayout
	}
	l.has = binary.BigEndian.Uint32(b[8:]) & 0xffffff
	count := binary.BigEndian.Uint32(b[12:])
	if l.has&trunDataOffset == 0 || count == 0 || count > maxMoof {
		return l, errLayout
	}
	l.n, l.first = int(count), 20
	if l.has&trunFirstFlags != 0 {
		l.first += 4
	}
	for _, field := range [...]uint32{trunDuration, trunSize, trunFlags, trunOffset} {
		if l.has&field != 0 {
			l.each += 4
		}
	}
	if len(b) != l.first+l.n*l.each {
		return l, errLayout
	}
	return l, nil
}

// samples reads trun, with what tfhd says of all samples.
func (f *fragment) samples(b []byte, duration, flags uint32) error {
	l, err := layoutOf(b)
	if err != nil {
		return err
	}
	u32 := binary.BigEndian.Uint32
	f.duration = int64(duration) * int64(l.n)
	if l.has&trunDuration != 0 {
		f.duration = 0
		for i := range l.n {
			f.duration += int64(u32(b[l.first+i*l.each:]))
		}
	}
	switch {
	case l.has&trunFirstFlags != 0:
		flags = u32(b[20:])
	case l.has&trunFlags != 0:
		at := l.first
		for _, field := range [...]uint32{trunDuration, trunSize} {
			if l.has&field != 0 {
				at += 4
			}
		}
		flags = u32(b[at:])
	}
	f.independent = flags&nonSync == 0
	return nil
}

// rewrite says how a chunk goes into a download.
type rewrite struct {
	sequence    uint32 // of mfhd
	track       uint32
	description uint32 // sample_description_index; 0 leaves it to the default, 1
	from, to    uint32 // timescales, of what was recorded and of the track in the download
	shift       int64  // of decode times, in the latter
	prefix      []byte // what the first sample gets in front of its own bytes
}

var errTime = errors.New("a decode time would be before the start")

// apply appends the moof b, which f tells of, as it goes into a download, then the header of its mdat, which had a size,
// and the prefix.
func (w *rewrite) apply(dst, b []byte, f *fragment, mdat int64) ([]byte, error) {
	dst, err := w.moof(dst, b, f)
	if err != nil {
		return nil, err
	}
	if mdat += int64(len(w.prefix)); mdat > math.MaxUint32 {
		return nil, errLayout
	}
	dst = append(binary.BigEndian.AppendUint32(dst, uint32(mdat)), "mdat"...)
	return append(dst, w.prefix...), nil
}

// moof appends the moof. It gains 4 bytes if a description is to be named.
func (w *rewrite) moof(dst, b []byte, f *fragment) ([]byte, error) {
	at := len(dst)
	be := binary.BigEndian
	insert := f.tfhd + 16
	if w.description == 0 {
		dst = append(dst, b...)
	} else {
		dst = append(dst, b[:insert]...)
		dst = be.AppendUint32(dst, w.description)
		dst = append(dst, b[insert:]...)
	}
	m := dst[at:]
	grown := len(m) - len(b)
	moved := func(i int) int {
		if i >= insert {
			return i + grown
		}
		return i
	}
	add := func(i, n int) { be.PutUint32(m[i:], be.Uint32(m[i:])+uint32(n)) }
	if grown > 0 {
		add(0, grown)
		add(24, grown) // traf
		add(f.tfhd, grown)
		m[f.tfhd+11] |= tfhdDescription
		add(moved(f.trun)+16, grown) // data_offset
	}
	be.PutUint32(m[20:], w.sequence)
	be.PutUint32(m[f.tfhd+12:], w.track)
	dts := scale(f.dts, w.from, w.to) + w.shift
	if dts < 0 {
		return nil, fmt.Errorf("rewrite chunk: %w: %w", errTime, ErrDamaged)
	}
	be.PutUint64(m[moved(f.tfdt)+12:], uint64(dts))
	if len(w.prefix) > 0 {
		if err := w.enlarge(m[moved(f.trun):]); err != nil {
			return nil, err
		}
	}
	if w.from != w.to {
		if f.defaultDuration > 0 {
			w.rescale(m[moved(f.defaultDuration):])
		}
		w.rescaleSamples(m[moved(f.trun):])
	}
	return dst, nil
}

// enlarge adds the prefix to the size of the first sample in a trun.
func (w *rewrite) enlarge(b []byte) error {
	l, err := layoutOf(b)
	if err != nil || l.has&trunSize == 0 {
		return errLayout
	}
	at := l.first
	if l.has&trunDuration != 0 {
		at += 4
	}
	size := binary.BigEndian.Uint32(b[at:])
	if size > math.MaxUint32-uint32(len(w.prefix)) {
		return errLayout
	}
	binary.BigEndian.PutUint32(b[at:], size+uint32(len(w.prefix)))
	return nil
}

// rescale converts an unsigned 32-bit number of ticks, rounding down: samples never overlap.
func (w *rewrite) rescale(b []byte) {
	v := scale(int64(binary.BigEndian.Uint32(b)), w.from, w.to)
	binary.BigEndian.PutUint32(b, uint32(min(v, math.MaxUint32)))
}

// rescaleSamples converts the durations and composition offsets in a trun.
func (w *rewrite) rescaleSamples(b []byte) {
	l, err := layoutOf(b)
	if err != nil || l.has&(trunDuration|trunOffset) == 0 {
		return
	}
	for i := range l.n {
		s := b[l.first+i*l.each:]
		if l.has&trunDuration != 0 {
			w.rescale(s)
		}
		if l.has&trunOffset != 0 {
			o := s[l.each-4:]
			v := scale(int64(int32(binary.BigEndian.Uint32(o))), w.from, w.to)
			binary.BigEndian.PutUint32(o, uint32(int32(min(max(v, math.MinInt32), math.MaxInt32))))
		}
	}
}

// scale converts ticks of one timescale to another's, rounding towards zero.
func scale(n int64, from, to uint32) int64 {
	if from == to || from == 0 {
		return n
	}
	f, t := int64(from), int64(to)
	return n/f*t + n%f*t/f
}
