// Package recording owns how a broadcast is kept on disk: the names of its files, their index, how both are written and
// read, how they are mended after a crash, and how they are handed out as one MP4.
//
// A recording is a folder. Each Run in it (the segments of one rendition under one init, as far as they follow each other)
// is two files that only grow: NAME.mp4, a fragmented MP4 that holds the init segment and then the segments, byte for byte
// as viewers were served them, and NAME.idx, a header and an entry of fixed size per segment. An entry is written after
// the bytes that it tells of, so that what is indexed is there. Nothing else is needed to read a recording, and it may be
// read while it grows.
//
// It starts no goroutine. What it reads it treats as foreign: a file that lies gives an error, never a wrong answer by
// itself. It never decides what is recorded (see segmenter/recorder) or deleted (see internal/blob), and never writes a
// playlist.
package recording
