// Package hls owns how a live goes out over HTTP: which playlist, part, segment or init answers a request, which request
// is held until there is an answer, for how long, and what caches may do with it. It serves addresses under Prefix from
// memory, and leaves those that memory does not have to an archive (see relay/vod).
//
// The way from a Request to an Answer knows nothing of net/http; Server.ServeHTTP is a thin adapter. Playlists are made
// once for each state of a rendition, when they are first asked for, and shared by all viewers of the node; media is
// never copied. A Gate says which lives are public; playlists of the others are written for each request, with the viewer's
// token in every URI.
//
// It starts no goroutine: a held request waits in the goroutine that brought it. It never cuts, never looks inside a
// part, and never knows one viewer from another.
package hls
