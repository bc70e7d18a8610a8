package rtmp

import "io"

// library is what the server needs of an RTMP library: the conversation until media flows. Another library is another
// implementation in another file.
type library interface {
	// start begins a conversation in a goroutine of its own, in which it calls Read and the handler. When it is over,
	// for whatever reason, it calls closing, then Close.
	start(rw io.ReadWriteCloser, h handler)
}

// handler is told what an encoder wants. An error ends the conversation.
type handler interface {
	connect(app, encoder string) error
	publish(name string) error
	goodbye()
	closing()
}

// maxStreams is how many streams a connection may create, with the control stream. One is used.
const maxStreams = 8
