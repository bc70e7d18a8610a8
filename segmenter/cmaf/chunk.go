package cmaf

import "encoding/binary"

// Sample is one sample of a chunk. All times are in the track's timescale.
type Sample struct {
	Duration int64 // 1 to 2^32-1
	Offset   int64 // presentation time minus decode time, -2^31 to 2^31-1
	Sync     bool  // a decoder can start here
	Payload  []byte
}

// Flags of the boxes (ISO/IEC 14496-12, sections 8.8.7 and 8.8.8).
const (
	tfhdDefaultDuration   = 0x000008
	tfhdDefaultFlags      = 0x000020
	tfhdDefaultBaseIsMoof = 0x020000

	trunDataOffset = 0x000001
	trunDuration   = 0x000100
	trunSize       = 0x000200
	trunFlags      = 0x000400
	trunOffset     = 0x000800
)

// Flags of a sample (ISO/IEC 14496-12, section 8.8.3.1): sample_depends_on 2 ("on no other") for a sync sample;
// sample_depends_on 1 and sample_is_non_sync_sample for all others.
const (
	syncFlags    = 0x02000000
	nonSyncFlags = 0x01010000
)

// Sizes of the boxes without what is optional, in bytes.
const (
	boxHeader = 8
	mfhdSize  = boxHeader + 8
	tfhdSize  = boxHeader + 8
	tfdtSize  = boxHeader + 12
	trunSize0 = boxHeader + 12
)

// layout says what stands in a chunk's boxes once for all samples, and what for each.
type layout struct {
	tfhd, trun uint32 // flags
	moof, traf int    // sizes in bytes
	run, data  int    // sizes of the trun box and of the samples' payload
}

func plan(samples []Sample) layout {
	l := layout{tfhd: tfhdDefaultBaseIsMoof | tfhdDefaultDuration | tfhdDefaultFlags, trun: trunDataOffset | trunSize}
	perSample := 4
	for i := range samples {
		s, first := &samples[i], &samples[0]
		l.data += len(s.Payload)
		if s.Duration != first.Duration && l.trun&trunDuration == 0 {
			l.tfhd &^= tfhdDefaultDuration
			l.trun |= trunDuration
			perSample += 4
		}
		if s.Sync != first.Sync && l.trun&trunFlags == 0 {
			l.tfhd &^= tfhdDefaultFlags
			l.trun |= trunFlags
			perSample += 4
		}
		if s.Offset != 0 && l.trun&trunOffset == 0 {
			l.trun |= trunOffset
			perSample += 4
		}
	}
	l.run = trunSize0 + perSample*len(samples)
	l.traf = boxHeader + l.tfhdSize() + tfdtSize + l.run
	l.moof = boxHeader + mfhdSize + l.traf
	return l
}

func (l *layout) tfhdSize() int {
	n := tfhdSize
	if l.tfhd&tfhdDefaultDuration != 0 {
		n += 4
	}
	if l.tfhd&tfhdDefaultFlags != 0 {
		n += 4
	}
	return n
}

// Chunk appends one moof and one mdat to dst and returns the extended slice: samples of one track, of which the first is
// decoded at dts, in the track's timescale. seq is mfhd's sequence_number. If dst has no room, the result has exactly the
// size that it needs. The payloads are copied.
//
// What is the same for all samples is written once (durations and flags in tfhd); composition offsets are signed, and
// written only if one of them is not 0. A chunk of one video frame costs 108 bytes, 112 with a composition offset.
func Chunk(dst []byte, seq, track uint32, dts int64, samples []Sample) []byte {
	l := plan(samples)
	if need := len(dst) + l.moof + boxHeader + l.data; cap(dst) < need {
		dst = append(make([]byte, 0, need), dst...)
	}
	b := box(dst, l.moof, "moof")

	b = box(b, mfhdSize, "mfhd")
	b = put(b, 0, seq)

	b = box(b, l.traf, "traf")

	b = box(b, l.tfhdSize(), "tfhd")
	b = put(b, l.tfhd, track)
	if l.tfhd&tfhdDefaultDuration != 0 {
		b = put(b, uint32(samples[0].Duration))
	}
	if l.tfhd&tfhdDefaultFlags != 0 {
		b = put(b, samples[0].flags())
	}

	b = box(b, tfdtSize, "tfdt")
	b = put(b, 1<<24) // version 1: 64 bits
	b = binary.BigEndian.AppendUint64(b, uint64(dts))

	b = box(b, l.run, "trun")
	b = put(b, 1<<24|l.trun) // version 1: signed offsets
	b = put(b, uint32(len(samples)), uint32(l.moof+boxHeader))
	for i := range samples {
		b = samples[i].entry(b, l.trun)
	}

	b = box(b, boxHeader+l.data, "mdat")
	for i := range samples {
		b = append(b, samples[i].Payload...)
	}
	return b
}

func (s *Sample) flags() uint32 {
	if s.Sync {
		return syncFlags
	}
	return nonSyncFlags
}

// entry appends what trun says of one sample.
func (s *Sample) entry(b []byte, flags uint32) []byte {
	if flags&trunDuration != 0 {
		b = put(b, uint32(s.Duration))
	}
	b = put(b, uint32(len(s.Payload)))
	if flags&trunFlags != 0 {
		b = put(b, s.flags())
	}
	if flags&trunOffset != 0 {
		b = put(b, uint32(int32(s.Offset)))
	}
	return b
}

// box appends the header of a box.
func box(b []byte, size int, name string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(size)), name...)
}

// put appends 32-bit fields.
func put(b []byte, fields ...uint32) []byte {
	for _, v := range fields {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}
