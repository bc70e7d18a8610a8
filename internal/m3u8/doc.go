// Package m3u8 owns the text of playlists and the names of the files that they list: low-latency media playlists, whole
// and as delta updates, media playlists for players that know no parts, those of recordings and of a live's recorded past,
// multivariant playlists, and playlists with a token in every URI.
//
// It is pure: it appends to the slice that it is given, allocates nothing beside it, starts no goroutine, does no I/O,
// and never decides who gets a playlist, when, or under which address (see relay/hls). The standard is
// draft-pantos-hls-rfc8216bis, called "the draft" in comments; sections are those of its revision 22.
package m3u8
