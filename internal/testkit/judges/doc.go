// Package judges asks other people's programs what they think of our playlists and media: the parsers that players are
// built on (hls-parser, m3u8-parser, mp4box, in Node.js), and ffmpeg. It owns the exact versions of the former
// (package-lock.json; "npm ci" in this folder installs them) and the one complaint of theirs that is set aside.
//
// It starts a process per question and no goroutine, and waits for it. It never decides what a live should look like: it
// reports what the judges saw, and what they complain of.
package judges
