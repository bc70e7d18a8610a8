// Package guard stands between a socket and an RTMP library that was not made for strangers. A Conn is the
// io.ReadWriteCloser that the library is given instead of the socket.
//
// It owns the chunk stream (Adobe, "RTMP 1.0", section 5, cited as RTMP), its limits and its deadlines:
//
//   - The handshake passes through, once its first byte says RTMP.
//   - Chunks are put together here, within one budget of memory per connection, which grows only as bytes arrive. The
//     budget is small until the server accepts what the encoder wants to publish (Accept).
//   - Commands are decoded here, with limits, and told to the library anew: only commands that it knows, with
//     arguments of the types that it expects, each as one chunk. What encoders are known to get wrong is repaired.
//   - Media does not pass through the library at all: it is handed to the Watcher, without a copy, in the goroutine
//     that reads. The library's own buffers, which nobody limits, stay empty.
//   - Acknowledgements are counted and sent here, since the library does not see the bytes that they count.
//
// The package starts no goroutine: all of it happens in calls of Read, Write and Close. It never logs, never looks
// inside media and never decides who may publish.
package guard
