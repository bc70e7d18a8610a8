//go:build !(386 || arm || mips || mipsle)

// The library does not build where an int has 32 bits.

package rtmp_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"

	"github.com/sirupsen/logrus"
	gortmpserver "github.com/yutopp/go-rtmp"
	"github.com/yutopp/go-rtmp/message"

	"shoal/internal/encoder/rtmp"
)

// TestAgainstGoRTMP does the same with the other library, which loses the connection over repeated extended times.
func TestAgainstGoRTMP(t *testing.T) {
	for _, opt := range []rtmp.Options{{}, {ChunkSize: 128}, {FullHeaders: true}, {ShortType3: true, FullHeaders: true}} {
		from := uint32(1000)
		if opt.ShortType3 {
			from = 17_000_000
		}
		t.Run(fmt.Sprintf("chunk %d full %v from %d", opt.ChunkSize, opt.FullHeaders, from), func(t *testing.T) {
			h := &goRTMPHandler{closed: make(chan struct{})}
			address := serveGoRTMP(t, h)
			want, bodies := sequence(from, max(opt.ChunkSize, 128))
			publish(t, address, opt, want, bodies)
			<-h.closed
			compare(t, h.got.all, want)
			said := []string{"release key", "fcpublish key", "publish key", "fcunpublish key", "delete"}
			if !slices.Equal(h.said, said) {
				t.Errorf("said %q, want %q", h.said, said)
			}
		})
	}
}

func TestGoRTMPRefuses(t *testing.T) {
	h := &goRTMPHandler{closed: make(chan struct{}), refuse: errors.New("no")}
	_, err := rtmp.Dial(t.Context(), serveGoRTMP(t, h), rtmp.Options{})
	<-h.closed
	var refused *rtmp.Refused
	if !errors.As(err, &refused) || refused.Code != "NetStream.Publish.Failed" {
		t.Errorf("error %v, want NetStream.Publish.Failed", err)
	}
}

func serveGoRTMP(t *testing.T, h *goRTMPHandler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	quiet := logrus.New()
	quiet.SetOutput(io.Discard)
	srv := gortmpserver.NewServer(&gortmpserver.ServerConfig{OnConnect: func(conn net.Conn) (io.ReadWriteCloser, *gortmpserver.ConnConfig) {
		return conn, &gortmpserver.ConnConfig{Handler: h, Logger: quiet}
	}})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = srv.Serve(l)
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-ended
	})
	return "rtmp://" + l.Addr().String() + "/live/key"
}

// goRTMPHandler writes down what a publisher says. The library calls it from one goroutine per connection.
type goRTMPHandler struct {
	gortmpserver.DefaultHandler
	refuse error
	got    record
	said   []string
	closed chan struct{}
}

func (h *goRTMPHandler) OnReleaseStream(_ uint32, cmd *message.NetConnectionReleaseStream) error {
	h.said = append(h.said, "release "+cmd.StreamName)
	return nil
}

func (h *goRTMPHandler) OnFCPublish(_ uint32, cmd *message.NetStreamFCPublish) error {
	h.said = append(h.said, "fcpublish "+cmd.StreamName)
	return nil
}

func (h *goRTMPHandler) OnPublish(_ *gortmpserver.StreamContext, _ uint32, cmd *message.NetStreamPublish) error {
	h.said = append(h.said, "publish "+cmd.PublishingName)
	return h.refuse
}

func (h *goRTMPHandler) OnFCUnpublish(_ uint32, cmd *message.NetStreamFCUnpublish) error {
	h.said = append(h.said, "fcunpublish "+cmd.StreamName)
	return nil
}

func (h *goRTMPHandler) OnDeleteStream(_ uint32, _ *message.NetStreamDeleteStream) error {
	h.said = append(h.said, "delete")
	return nil
}

func (h *goRTMPHandler) OnAudio(ms uint32, payload io.Reader) error {
	b, err := io.ReadAll(payload)
	h.got.add(rtmp.Audio, ms, b)
	return err
}

func (h *goRTMPHandler) OnVideo(ms uint32, payload io.Reader) error {
	b, err := io.ReadAll(payload)
	h.got.add(rtmp.Video, ms, b)
	return err
}

func (h *goRTMPHandler) OnClose() { close(h.closed) }
