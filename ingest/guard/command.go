package guard

import (
	"encoding/binary"
	"math"
	"strconv"

	"shoal/internal/amf0"
)

// controlStream is the message stream of commands that concern the connection (RTMP, section 7.2.1).
const controlStream = 0

// arguments are the values of a command: name, transaction, command object, and what follows.
type arguments []any

func (a arguments) at(n int) any {
	if n < len(a) {
		return a[n]
	}
	return nil
}

func (a arguments) text(n int) string {
	switch v := a.at(n).(type) {
	case string:
		return v
	case float64: // a name of digits, by an encoder that guesses types
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// transaction is the transaction ID, 0 if it is not a whole number that fits.
func (a arguments) transaction() float64 {
	n, _ := a.at(1).(float64)
	if n != math.Trunc(n) || math.Abs(n) > 1<<31 {
		return 0
	}
	return n
}

// command decodes a command (RTMP, section 7.2) and tells it to the library anew, with the arguments that the library
// expects. Whatever else the command had is left out: nothing that a client chose but strings and small numbers gets
// through.
func (c *Conn) command(stream uint32, b []byte) error {
	values, err := amf0.Decode(b)
	if err != nil {
		return &Error{ReasonAMF, "a command cannot be decoded", err}
	}
	a := arguments(values)
	name, _ := a.at(0).(string)
	switch name {
	case "connect":
		o, _ := a.at(2).(amf0.Object)
		c.emit(controlStream, name, a.transaction(), amf0.Object{
			{Name: "app", Value: o.String("app")},
			{Name: "flashVer", Value: o.String("flashVer")},
			{Name: "tcUrl", Value: o.String("tcUrl")},
		})
	case "createStream":
		c.emit(controlStream, name, a.transaction(), nil)
	case "releaseStream", "FCPublish", "FCUnpublish":
		c.emit(controlStream, name, a.transaction(), nil, a.text(3))
	case "publish":
		return c.wantsToPublish(stream, a)
	case "deleteStream":
		c.deleteStream(a)
	case "closeStream":
		if c.publish != 0 {
			c.emit(controlStream, name, a.transaction(), nil)
		}
	case "play", "play2":
		c.status(stream, "NetStream.Play.Failed", "playing over RTMP is not offered here; watch by HLS")
		c.sealed.Store(true)
		return broken(ReasonPlay, "the client wants to play over RTMP, which is not offered")
	default: // among them _result and _error, which would end the library
		c.watch.Dropped(DropCommand)
	}
	return nil
}

// wantsToPublish passes the first publish of a connection on. The library would take a second one, whose media it could
// not tell from the first one's.
func (c *Conn) wantsToPublish(stream uint32, a arguments) error {
	if c.publish != 0 {
		c.watch.Dropped(DropPublish)
		c.status(stream, "NetStream.Publish.BadName", "this connection has published already; open another one")
		return nil
	}
	if stream == controlStream {
		return broken(ReasonCommand, "publish was said on the control stream; createStream comes first")
	}
	c.publish = stream
	c.emit(stream, "publish", a.transaction(), nil, a.text(3), "live")
	return nil
}

// deleteStream passes on only that the published stream is deleted: the library ends on any other number. An encoder
// that says something else than a number, as GStreamer's rtmp2sink does, can mean nothing else.
func (c *Conn) deleteStream(a arguments) {
	id, isNumber := a.at(3).(float64)
	if c.publish == 0 || c.deleted || isNumber && id != float64(c.publish) {
		c.watch.Dropped(DropCommand)
		return
	}
	c.deleted = true
	c.emit(controlStream, "deleteStream", a.transaction(), nil, float64(c.publish))
}

const (
	libraryChunk  = 0xffffff // bytes; no message is larger
	commandStream = 3        // the chunk stream of commands to the library
)

// emit appends a command for the library to read, as one chunk with a full header.
func (c *Conn) emit(stream uint32, values ...any) {
	if !c.told {
		c.told = true
		c.out = append(c.out, 2, 0, 0, 0, 0, 0, 4, typeSetChunkSize, 0, 0, 0, 0)
		c.out = binary.BigEndian.AppendUint32(c.out, libraryChunk)
	}
	head := len(c.out)
	c.out = append(c.out, commandStream, 0, 0, 0, 0, 0, 0, typeCommand)
	c.out = binary.LittleEndian.AppendUint32(c.out, stream)
	body := len(c.out)
	c.out = amf0.Append(c.out, values...)
	size := len(c.out) - body
	c.out[head+4], c.out[head+5], c.out[head+6] = byte(size>>16), byte(size>>8), byte(size)
}
