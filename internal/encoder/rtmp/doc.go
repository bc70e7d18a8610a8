// Package rtmp owns the publishing side of an RTMP connection: what OBS or ffmpeg do to send a live (RTMP 1.0, Adobe,
// December 2012): the simple handshake, connect, releaseStream, FCPublish, createStream, publish, media, FCUnpublish and
// deleteStream.
//
// Dial starts one goroutine per connection, which reads what the server says and answers pings; Close and Abort wait
// for it. The package never plays, never retries and never paces: the caller sends when it is time. It is written apart
// from the server side on purpose, so that a mistake in one is seen by the other.
package rtmp
