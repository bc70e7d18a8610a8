// Package live owns a live's index and bytes in memory and their fan-out: Hub > Stream > Window.
//
// A Stream is fed by one writer (a cutter, or another node) with inits and chunks; it puts them together to parts and
// segments per rendition and publishes, after each change, a new immutable Window that any number of readers may hold.
// The writer never waits for a reader. A Stream does not know who feeds it.
//
// It starts no goroutine. It never looks inside a chunk, never decides where a part of the main rendition or a segment
// ends (the chunks' numbers say it), and never writes a playlist (see internal/m3u8 and relay/hls).
package live
