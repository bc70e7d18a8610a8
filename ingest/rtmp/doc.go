// Package rtmp owns the way in for RTMP encoders: it listens to rtmp://HOST:1935/live/<key>, asks whether the key may
// publish, and turns what the encoder sends into ingest.Announcement and ingest.Packet.
//
// Each connection has two goroutines of the RTMP library, one that reads and calls and one that writes, and while it is
// published a third, which waits for the end of its session. Shutdown waits for all of them. A Session is called only
// by the goroutine that reads.
//
// The package never touches a chunk (see ingest/guard), never looks inside media (see ingest/flv) and never logs a
// stream key. The RTMP library, yutopp/go-rtmp, is behind one small interface in one file; it sees commands only. Where
// an int has 32 bits it does not compile, and a small conversation of our own takes its place (plain), with one
// goroutine instead of two.
package rtmp
