// Package cutter owns the decision when to cut: it turns the units of a live into chunks, parts and segments.
//
// It is pure. A Cutter's output is a function of the units that it is given: the same units give the same inits and
// chunks, byte for byte, on any node. It starts no goroutine, does no I/O, reads no clock and keeps no unit longer than
// its chunk needs: a video frame not at all, audio for a few seconds at most. It never parses a codec's bytes, and never
// decides how bytes are laid out (see segmenter/cmaf).
//
// # Time
//
// Each track has a written clock: the sum of the durations of the samples that were written, which is the decode time
// (tfdt) of the next one. A unit says when it is due on the encoder's clock and how long it will probably last. Its
// sample starts at the written clock, wherever that is, and ends when the next unit is due; so rounding and lateness
// are absorbed by one sample and never add up. Nothing waits for the next unit to learn the length of this one. Decode
// times are contiguous, but where frames last so long that lateness can never be made up for (see track.hole).
//
// A run that begins later in the epoch (a discontinuity) goes on from the furthest written clock, so that decode times
// never go back within an epoch.
//
// # Parts
//
// A part of a live with video is a run of video frames with the audio of their time. It is closed after the frame with
// which it is full, as soon as that frame is there, by predicting that one more would not fit. No part, and no sample,
// is longer than the part target; a part is shorter than 85 % of it only as the last of its segment or of a run, or where
// the encoder was late by more than we carry. That is 0.5 s, more than any gap within a run: a variable rate has full parts,
// and after a gap its pictures are early, by less than the gap, until those have come whose time takes it up. Only frames
// that fill parts by themselves (fewer than 5.6 in a second, in parts of 0.21 s) have no such room: after 0.1 s they
// leave a part short, or a hole (see overflows and track.hole).
//
// Audio waits for the video of its time: a frame goes into the part whose pictures reach its start. Audio that comes
// early is held until then, and audio that comes late goes into the part that is open. So a part that has begun always
// has video, a chunk's numbers are final when it is emitted, and the audio of a segment is about as long as its video.
// While no video comes, audio is held for pauseAfter, since video may still fill the pause (it returns late, or the
// encoder sends in bursts) and time must not be counted twice; after that audio closes parts alone, until a picture
// comes. So it does at the end of a run. A part of video that is closed short for it ends its segment. The first part of
// audio alone lasts from where that part ended, since audio of its time may have come too late for it.
//
// # Segments
//
// A segment ends before a keyframe, if there is one in good time, else at the close of a part. It is shorter than
// 2.5 s, whatever the encoder does, in its video as in its audio: so it never rounds to more than EXT-X-TARGETDURATION.
package cutter
