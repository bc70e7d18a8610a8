// Package encoder owns the part of somebody who broadcasts: it publishes a clip over real RTMP as OBS or ffmpeg would.
// `shoal demo` shows its embedded clip with it, the benchmarks send marked frames with it, and tests of other packages
// make it misbehave in ways that ffmpeg refuses to.
//
// A Clip is an FLV file in memory. Clip.Loop is the endless sequence of its packets; a Transform bends such a sequence;
// a Publisher sends one in real time. Publisher.Run starts no goroutine of its own but the one that reads the server's
// answers (see encoder/rtmp), and waits for it. The package never encodes or decodes media, and never plays.
package encoder
