package guard

import (
	"fmt"
	"time"
)

// Reason says which rule a connection broke: a label for metrics.
type Reason string

// The rules that close a connection.
const (
	ReasonProtocol     Reason = "protocol"      // the first byte is not RTMP's version
	ReasonDeadline     Reason = "deadline"      // nothing was published in time
	ReasonIdle         Reason = "idle"          // the encoder fell silent
	ReasonPreamble     Reason = "preamble"      // too much was said before publishing
	ReasonChunk        Reason = "chunk"         // the chunk stream makes no sense
	ReasonChunkStreams Reason = "chunk_streams" // too many chunk streams
	ReasonMessage      Reason = "message_size"  // a message is too large
	ReasonMemory       Reason = "memory"        // unfinished messages are too large together
	ReasonAMF          Reason = "amf"           // a command cannot be decoded within the limits
	ReasonCommand      Reason = "command"       // a command makes no sense
	ReasonPlay         Reason = "play"          // the client wants to play, which is not offered
)

// Error is why a Conn closed a connection. Its text holds nothing secret.
type Error struct {
	Reason Reason
	Detail string
	Err    error // the cause, if there is one
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Detail + ": " + e.Err.Error()
	}
	return e.Detail
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func broken(r Reason, format string, args ...any) error {
	return &Error{Reason: r, Detail: fmt.Sprintf(format, args...)}
}

func tooLate(limit time.Duration) error {
	return broken(ReasonDeadline, "nothing was published within %v of connecting", limit)
}

func silent(limit time.Duration) error {
	return broken(ReasonIdle, "no media came for %v", limit)
}

// notRTMP says what a first byte other than RTMP's version (RTMP, section 5.2.2) probably means.
func notRTMP(c0 byte) error {
	switch {
	case c0 == 6:
		return broken(ReasonProtocol, "the encoder speaks encrypted RTMPE: set it to rtmp://")
	case c0 == 0x16:
		return broken(ReasonProtocol, "the encoder speaks TLS (rtmps://) to a port for plain rtmp://")
	case c0 >= 'A' && c0 <= 'Z':
		return broken(ReasonProtocol, "this is a port for RTMP, and the client speaks another text protocol such as HTTP")
	}
	return broken(ReasonProtocol, "the first byte is %d; RTMP starts with 3", c0)
}

// Drop says why a message was left out: a label for metrics.
type Drop string

// The reasons to leave a message out and go on.
const (
	DropControl   Drop = "control"        // acknowledgements, user control, bandwidth: nothing for us
	DropEmpty     Drop = "empty"          // media without a byte
	DropEarly     Drop = "before_publish" // media before it was accepted
	DropLate      Drop = "after_goodbye"  // media after the encoder said that it ends
	DropStream    Drop = "stream"         // media on a stream that nothing was published on
	DropCommand   Drop = "command"        // a command that nobody answers, or an answer that nobody asked for
	DropPublish   Drop = "second_publish" // a second publish in one connection
	DropType      Drop = "type"           // an unknown message type, or AMF3
	DropMalformed Drop = "malformed"      // it does not follow the specification
	DropAborted   Drop = "aborted"        // the sender gave it up half-way
)
