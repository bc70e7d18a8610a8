// Package media owns the nouns of a live: what a track, an access unit, a chunk, a part, a segment and a rendition are.
//
// It starts no goroutine and does no I/O. It never parses a codec's bytes (see internal/codec), never decides where a
// part or a segment ends (see segmenter/cutter) and never imports another package of Shoal.
package media
