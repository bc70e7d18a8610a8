// Package normalize makes units of what encoders say. It owns everything about an encoder's time and shape that others
// need not know: the 64-bit clock, jumps and gaps, tracks that are late or missing, parameters that change, audio that
// pauses, and the alignment of the tracks at the start of a run. What comes out is a run of units after a media.Begin,
// on one clock per run that starts at 0.
//
// It starts no goroutine and no timer and never reads a clock: Packet.Arrival is the only time it knows, so the same
// packets always give the same units. It never cuts, never changes the bytes of a frame (see internal/codec) and never
// makes an epoch: a jump is a new run of the same session. Every queue in it is bounded.
package normalize
