// Package flv owns the payload of RTMP media messages, which is the body of FLV tags: it turns audio and video tags into
// ingest.Packet and script tags into ingest.Announcement.
//
// Sources: Adobe, "Video File Format Specification, Version 10.1", annex E, cited as FLV; Veovera, "Enhanced RTMP (V2)",
// cited as E-RTMP. H.264 and AAC are understood in their old and in their enhanced form; every other codec is
// recognized and refused by name.
//
// The package is pure: it starts no goroutine, does no I/O and keeps only the parameters of the stream that it reads.
// It never looks inside an access unit (see internal/codec) and never changes a timestamp (see ingest/normalize).
package flv
