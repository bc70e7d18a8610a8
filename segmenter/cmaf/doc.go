// Package cmaf owns the bytes of what is cut: init segments (ftyp+moov) and chunks (moof+mdat of one track), in the
// fragmented ISO base media file format (ISO/IEC 14496-12) as CMAF (ISO/IEC 23000-19) narrows it.
//
// It starts no goroutine, does no I/O and reads no clock: the same samples give the same bytes on any node. It never
// decides where a chunk begins or ends (see segmenter/cutter) and never reads what it wrote.
package cmaf
