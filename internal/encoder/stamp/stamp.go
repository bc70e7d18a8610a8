// Package stamp owns the send-time mark: 31 bytes inside a coded frame that say when the frame was sent, so that a
// receiver on the same machine can tell a frame's age from the bytes alone, without decoding anything.
//
// It starts no goroutine and does no I/O. It never parses a container: a mark is found by its tag, wherever the bytes
// around it come from.
//
// H.264 carries a mark as an SEI user_data_unregistered NAL unit (ITU-T H.264, D.1.7), AAC as a leading
// data_stream_element (ISO/IEC 14496-3, 4.4.2.7). Decoders skip both and servers copy both through. Every byte of a mark
// is non-zero, so that H.264 needs no emulation prevention bytes and the mark stays in one piece.
package stamp

import (
	"bytes"
	"time"
)

// Kind says what kind of frame a mark is in.
type Kind byte

// The kinds of marked frames.
const (
	Video Kind = 'v'
	Audio Kind = 'a'
)

// tag opens every mark; in an SEI it stands where the UUID of the user data belongs.
const tag = "shoal-sent-at-us"

const (
	timeLen = 9 // groups of 7 bits: 63 bits
	seqLen  = 5 // 35 bits
)

// Len is the number of bytes in a mark.
const Len = len(tag) + 1 + timeLen + seqLen

// Mark is what a frame says of its sending.
type Mark struct {
	Kind Kind
	Sent time.Time // to the microsecond, on the sender's wall clock
	Seq  uint32    // of the frame among those of its kind, from 0
}

// Append appends the bytes of the mark to b.
func (m Mark) Append(b []byte) []byte {
	b = append(b, tag...)
	b = append(b, byte(m.Kind))
	b = appendGroups(b, uint64(m.Sent.UnixMicro()), timeLen)
	return appendGroups(b, uint64(m.Seq), seqLen)
}

// AppendSEI appends the mark as an H.264 NAL unit, without start code or length.
func (m Mark) AppendSEI(b []byte) []byte {
	const (
		nalSEI           = 6
		userUnregistered = 5
		stopBit          = 0x80
	)
	b = append(b, nalSEI, userUnregistered, byte(Len))
	return append(m.Append(b), stopBit)
}

// SEILen is the number of bytes that AppendSEI appends.
const SEILen = Len + 4

// AppendDSE appends the mark as a data_stream_element, to stand in front of a raw_data_block. Its header is exactly two
// bytes (id_syn_ele 4, element_instance_tag 0, data_byte_align_flag 0, count), so what follows keeps its alignment.
func (m Mark) AppendDSE(b []byte) []byte {
	return m.Append(append(b, 4<<5, byte(Len)))
}

// DSELen is the number of bytes that AppendDSE appends.
const DSELen = Len + 2

// Scan calls f for each mark in b, in order, with the offset of its first byte. What only looks like a mark is passed
// over.
func Scan(b []byte, f func(offset int, m Mark)) {
	for off := 0; ; {
		i := bytes.Index(b[off:], []byte(tag))
		if i < 0 || off+i+Len > len(b) {
			return
		}
		at := off + i
		off = at + len(tag)
		body := b[off : at+Len]
		kind := Kind(body[0])
		sent, okSent := groups(body[1 : 1+timeLen])
		seq, okSeq := groups(body[1+timeLen:])
		if (kind != Video && kind != Audio) || !okSent || !okSeq || seq > 1<<32-1 {
			continue
		}
		f(at, Mark{Kind: kind, Sent: time.UnixMicro(int64(sent)), Seq: uint32(seq)})
	}
}

// appendGroups writes the low 7*n bits of v, seven to a byte, each byte with its top bit set.
func appendGroups(b []byte, v uint64, n int) []byte {
	for i := n - 1; i >= 0; i-- {
		b = append(b, 0x80|byte(v>>(7*uint(i)))&0x7f)
	}
	return b
}

func groups(b []byte) (v uint64, ok bool) {
	for _, c := range b {
		if c&0x80 == 0 {
			return 0, false
		}
		v = v<<7 | uint64(c&0x7f)
	}
	return v, true
}
