// Package codec owns what Shoal knows of the bytes of codecs: it reads decoder configurations and access units, and
// says what an init segment and a playlist have to say of them. H264 and AAC implement media.Codec.
//
// It starts no goroutine, does no I/O and keeps no state between access units: every value is immutable and may be used
// from any goroutine. It never decodes a picture or a sample, never looks at time, and trusts no byte that it reads: a
// damaged input is an error, never a panic.
package codec
