package cutter

import "time"

// maxTarget is the longest that a part target is raised to: EXT-X-TARGETDURATION, which PART-TARGET may not pass
// (draft-pantos-hls-rfc8216bis, section 4.4.3.7).
const maxTarget = targetDuration

// enough says that a part may be closed: all but the last of a segment are at least 85 % of the part target
// (draft-pantos-hls-rfc8216bis, section 4.4.4.9).
func enough[T int64 | time.Duration](length, target T) bool { return length*100 >= target*85 }

// raise makes a part target fit the frames that a live begins with: one longer than the target raises it to itself, and
// frames of which no whole number fills the target to 85 % (a camera of 6, 8 or 14 frames/s) to one more of them. It
// happens once, before the target is told to anybody.
func raise(target, frame time.Duration) time.Duration {
	if frame <= 0 {
		return target
	}
	switch n := target / frame; {
	case n == 0:
		target = frame
	case !enough(n*frame, target):
		target = (n + 1) * frame
	}
	whole := (target + time.Millisecond - 1).Truncate(time.Millisecond)
	return min(whole, maxTarget)
}

// audioChunk is how many audio frames make a chunk: as many as last 100 ms at most, if whole chunks fill 95 % of the
// part target, else the number among those from 60 ms up that fills it best.
func audioChunk(frame, target time.Duration) int {
	const least, most = 60 * time.Millisecond, 100 * time.Millisecond
	if frame <= 0 {
		return 1
	}
	best, filled := 1, time.Duration(-1)
	for n := max(1, most/frame); n >= 1 && (filled < 0 || n*frame >= least); n-- {
		chunk := n * frame
		sum := target / chunk * chunk
		if sum > filled {
			best, filled = int(n), sum
		}
		if sum*100 >= target*95 {
			break
		}
	}
	return best
}

// ticks converts a duration to ticks of a timescale, rounded down, without overflow for 3,000 years of video.
func ticks(d time.Duration, timescale uint32) int64 {
	ts := int64(timescale)
	return int64(d/time.Second)*ts + int64(d%time.Second)*ts/int64(time.Second)
}
