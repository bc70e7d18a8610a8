// Package hlscheck owns our validator of low-latency HLS: a viewer that follows a live over HTTP as a player does, takes
// every part of every rendition, and holds what it gets against the rules that Shoal has set itself and against
// draft-pantos-hls-rfc8216bis ("the draft" in comments).
//
// Follow starts goroutines (two per rendition, one per preload hint, one for the classic playlists) and returns when
// all have ended. It shares no code with what writes playlists but the grammar of file names, reads media with another
// library than the one that writes it, and never decides whether a violation matters: it reports.
package hlscheck
