package rtmp

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"

	"shoal/ingest/guard"
	"shoal/internal/amf0"
)

// plain is the conversation without a library, for boards on which the library does not compile. It relies on what the
// guard lets through: commands only, each in one chunk with a full header, with arguments of the right types. It has
// one goroutine per connection, which reads and writes.
type plain struct{}

func (plain) start(rw io.ReadWriteCloser, h handler) {
	go func() {
		_ = (&talk{rw: rw, h: h}).run() // the handler and the guard know why
		h.closing()
		_ = rw.Close()
	}()
}

// Message types and chunk streams that plain says or is told something with (RTMP 1.0, sections 5.4 and 7.1).
const (
	typeUserControl   = 4
	typeWindowAckSize = 5
	typePeerBandwidth = 6
	typeCommand       = 20

	protocolChunks = 2
	commandChunks  = 3
)

const (
	blockSize = 1536 // of C1, C2, S1 and S2, in bytes
	// ackWindow is what we ask for acknowledgements of, and the bandwidth that we grant; nobody counts it.
	ackWindow = 2_500_000
)

// talk is one conversation of plain.
type talk struct {
	rw      io.ReadWriteCloser
	h       handler
	streams int // created
}

func (t *talk) run() error {
	if err := t.handshake(); err != nil {
		return fmt.Errorf("shake hands: %w", err)
	}
	for {
		if err := t.command(); err != nil {
			return err
		}
	}
}

// handshake is the simple handshake (RTMP 1.0, section 5.2). What the client echoes is not compared: it proves nothing
// over TCP, and not all encoders echo.
func (t *talk) handshake() error {
	var c [1 + blockSize]byte
	if _, err := io.ReadFull(t.rw, c[:]); err != nil {
		return err
	}
	var s [1 + 2*blockSize]byte
	s[0] = 3
	_, _ = rand.Read(s[1+8 : 1+blockSize]) // after four bytes of time and four zeros; never fails
	copy(s[1+blockSize:], c[1:])
	if _, err := t.rw.Write(s[:]); err != nil {
		return err
	}
	_, err := io.ReadFull(t.rw, c[:blockSize])
	return err
}

// command reads a command and answers it.
func (t *talk) command() error {
	var head [12]byte
	if _, err := io.ReadFull(t.rw, head[:]); err != nil {
		return err
	}
	body := make([]byte, int(head[4])<<16|int(head[5])<<8|int(head[6]))
	if _, err := io.ReadFull(t.rw, body); err != nil {
		return err
	}
	if head[7] != typeCommand { // the chunk size
		return nil
	}
	values, err := amf0.Decode(body)
	if err != nil {
		return fmt.Errorf("read a command: %w", err)
	}
	if len(values) < 3 {
		return fmt.Errorf("a command has %d values", len(values))
	}
	transaction := values[1]
	switch values[0] {
	case "connect":
		o, _ := values[2].(amf0.Object)
		if err := t.h.connect(o.String("app"), o.String("flashVer")); err != nil {
			return err
		}
		return t.connected()
	case "createStream":
		if t.streams++; t.streams >= maxStreams {
			return t.say(0, "_error", transaction, nil, nil)
		}
		return t.say(0, "_result", transaction, nil, float64(t.streams))
	case "publish":
		var name string
		if len(values) > 3 {
			name, _ = values[3].(string)
		}
		if err := t.h.publish(name); err != nil {
			return err
		}
		stream := binary.LittleEndian.Uint32(head[8:])
		return t.say(stream, "onStatus", 0.0, nil, success("NetStream.Publish.Start", "Publishing."))
	case "FCUnpublish", "deleteStream", "closeStream":
		t.h.goodbye()
	}
	return nil
}

// connected answers connect (RTMP 1.0, section 7.2.1.1).
func (t *talk) connected() error {
	window := binary.BigEndian.AppendUint32(nil, ackWindow)
	control := bytes.Join([][]byte{
		guard.Chunked(protocolChunks, typeWindowAckSize, 0, window),
		guard.Chunked(protocolChunks, typePeerBandwidth, 0, append(window, 2)), // dynamic
		guard.Chunked(protocolChunks, typeUserControl, 0, make([]byte, 6)),     // stream 0 begins
	}, nil)
	if _, err := t.rw.Write(control); err != nil {
		return err
	}
	properties := amf0.Object{{Name: "fmsVer", Value: "FMS/3,5,7,7009"}, {Name: "capabilities", Value: 31.0}}
	return t.say(0, "_result", 1.0, properties, success("NetConnection.Connect.Success", "Connected."))
}

func success(code, description string) amf0.Object {
	return amf0.Object{
		{Name: "level", Value: "status"},
		{Name: "code", Value: code},
		{Name: "description", Value: description},
	}
}

func (t *talk) say(stream uint32, values ...any) error {
	_, err := t.rw.Write(guard.Chunked(commandChunks, typeCommand, stream, amf0.Append(nil, values...)))
	return err
}
