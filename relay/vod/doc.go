// Package vod owns how recordings go out over HTTP: the playlists of replays, the recorded files by byte ranges, the
// download of a whole replay, and what viewers of a running live may go back to: the playlists of its recorded past, and
// segments that have left memory, under the names that they had in it.
//
// It serves addresses under hls.Prefix that relay/hls does not find in memory, and those under DownloadPrefix. Playlists
// are written when they are first asked for, kept compressed while there is room, and shared by all viewers; files are
// sent by the kernel where it can.
//
// It starts no goroutine. It never writes or deletes a recording, never holds a request, and never decides by itself who
// may see what: it asks the gate for every request.
package vod
