// Package recorder owns how a live gets into a recording: it follows the windows of a stream and appends what is complete
// to the files of internal/recording.
//
// A Recorder starts one goroutine, which Finish waits for. It looks four times a second and writes about once, so that
// twenty lives on a slow board cost few system calls and few wake-ups. It never holds up the live: a disk that stalls for
// longer than the stream keeps its media leaves a gap, which is counted and said. It never parses a chunk, never deletes a
// recording, and never decides what becomes of one.
package recorder
