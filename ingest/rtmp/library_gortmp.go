//go:build !(386 || arm || mips || mipsle)

package rtmp

import (
	"context"
	"io"
	"log/slog"
	"net"

	"github.com/sirupsen/logrus"
	gortmp "github.com/yutopp/go-rtmp"
	"github.com/yutopp/go-rtmp/message"
)

// goRTMP is yutopp/go-rtmp v0.0.7. It is made for one connection that the guard has tamed: it gets commands that it
// knows, on at most maxStreams streams, and no media.
type goRTMP struct {
	log logrus.FieldLogger
}

func newLibrary(log *slog.Logger) library { return newGoRTMP(log) }

func newGoRTMP(log *slog.Logger) goRTMP {
	l := logrus.New()
	l.Out = io.Discard
	l.Formatter = silence{}
	l.Level = logrus.PanicLevel
	if log.Enabled(context.Background(), slog.LevelDebug) {
		l.Level = logrus.ErrorLevel // below it, the library logs stream keys
		l.AddHook(hook{log})
	}
	return goRTMP{l}
}

func (g goRTMP) start(rw io.ReadWriteCloser, h handler) {
	c := &conversation{h: h}
	cfg := &gortmp.ConnConfig{
		Handler:                                 c,
		SkipHandshakeVerification:               true, // the echo proves nothing over TCP, and not all encoders send it
		IgnoreMessagesOnNotExistStream:          true,
		IgnoreMessagesOnNotExistStreamThreshold: 100,
		ReaderBufferSize:                        1 << 10, // commands of some hundred bytes
		WriterBufferSize:                        1 << 10, // more than a chunk, so that each is one Write (see guard)
		ControlState:                            gortmp.StreamControlStateConfig{MaxMessageStreams: maxStreams},
		Logger:                                  g.log,
	}
	server := gortmp.NewServer(&gortmp.ServerConfig{
		OnConnect: func(net.Conn) (io.ReadWriteCloser, *gortmp.ConnConfig) { return waiting{rw, c}, cfg },
	})
	// Serve is the only door to the server side of the library. It starts the goroutine of the one connection, then
	// asks for another, is closed meanwhile, and returns.
	_ = server.Serve(&single{server: server})
}

// single is a listener that has one connection to give. The connection itself is never touched.
type single struct {
	server *gortmp.Server
	given  bool
}

func (s *single) Accept() (net.Conn, error) {
	if !s.given {
		s.given = true
		return nil, nil
	}
	_ = s.server.Close()
	return nil, net.ErrClosed
}

func (s *single) Close() error   { return nil }
func (s *single) Addr() net.Addr { return &net.TCPAddr{} }

// waiting is a connection whose Close also waits for the library's goroutine that writes.
type waiting struct {
	io.ReadWriteCloser
	c *conversation
}

func (w waiting) Close() error {
	w.c.stopped()
	return w.ReadWriteCloser.Close()
}

// conversation adapts a handler to the library.
type conversation struct {
	gortmp.DefaultHandler
	h    handler
	conn *gortmp.Conn
}

// stopped waits for the goroutine that writes. The library stops it just before, and the socket is closed or what is
// written thrown away, so nothing holds it. Without a handshake it has nothing to write, and cannot be waited for.
func (c *conversation) stopped() {
	if c.conn != nil {
		<-c.conn.GetChunkStreamer().Done()
	}
}

// OnServe is called after the handshake.
func (c *conversation) OnServe(conn *gortmp.Conn) { c.conn = conn }

// OnConnect is called for connect.
func (c *conversation) OnConnect(_ uint32, cmd *message.NetConnectionConnect) error {
	return c.h.connect(cmd.Command.App, cmd.Command.FlashVer)
}

// OnPublish is called for publish.
func (c *conversation) OnPublish(_ *gortmp.StreamContext, _ uint32, cmd *message.NetStreamPublish) error {
	return c.h.publish(cmd.PublishingName)
}

// OnFCUnpublish is called for FCUnpublish.
func (c *conversation) OnFCUnpublish(uint32, *message.NetStreamFCUnpublish) error {
	c.h.goodbye()
	return nil
}

// OnDeleteStream is called for deleteStream.
func (c *conversation) OnDeleteStream(uint32, *message.NetStreamDeleteStream) error {
	c.h.goodbye()
	return nil
}

// OnUnknownCommandMessage is called for closeStream, which the library decodes but does not handle.
func (c *conversation) OnUnknownCommandMessage(_ uint32, cmd *message.CommandMessage) error {
	if cmd.CommandName == "closeStream" {
		c.h.goodbye()
	}
	return nil
}

// OnClose is called once, before the connection is closed.
func (c *conversation) OnClose() { c.h.closing() }

// hook passes the library's errors to slog.
type hook struct{ log *slog.Logger }

// Levels are those that the hook is called for.
func (hook) Levels() []logrus.Level { return logrus.AllLevels }

// Fire is called with each line.
func (h hook) Fire(e *logrus.Entry) error {
	h.log.Debug("the RTMP library says", "message", e.Message)
	return nil
}

// silence formats nothing.
type silence struct{}

// Format is called with each line, after the hook.
func (silence) Format(*logrus.Entry) ([]byte, error) { return nil, nil }
