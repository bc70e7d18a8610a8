package rtmp

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shoal/internal/amf0"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scripted is a server that answers commands as a table says and notes what it hears.
type scripted struct {
	conn  net.Conn
	in    *reader
	out   *writer
	until string   // the command after whose answer it hears no more; none if empty
	heard []string // commands in order
	end   error    // of reading
}

// serve accepts one connection, answers it and returns the address. finish waits for the server's end.
func serve(t *testing.T, act func(s *scripted) error) (address string, finish func() *scripted) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan *scripted, 1)
	go func() {
		s := &scripted{out: newWriter(Options{ChunkSize: 128, FullHeaders: true})}
		defer func() { result <- s }()
		if s.conn, s.end = l.Accept(); s.end != nil {
			return
		}
		defer s.conn.Close() //nolint:errcheck // nothing to save
		_ = s.conn.SetDeadline(time.Now().Add(20 * time.Second))
		s.in = newReader(s.conn)
		s.end = act(s)
	}()
	finish = func() *scripted {
		_ = l.Close()
		s := <-result
		result <- s
		return s
	}
	t.Cleanup(func() { finish() })
	return "rtmp://" + l.Addr().String() + "/live/key?token=1", finish
}

// shake is the server's side of the handshake.
func (s *scripted) shake() error {
	hello := make([]byte, 1537)
	if err := s.in.read(hello); err != nil {
		return err
	}
	if _, err := s.conn.Write(append(append([]byte{3}, make([]byte, 1536)...), hello[1:]...)); err != nil {
		return err
	}
	return s.in.read(hello[1:])
}

func (s *scripted) say(values ...any) error {
	_, err := s.conn.Write(s.out.append(nil, message{typ: Command, body: amf0.Append(nil, values...)}))
	return err
}

// converse answers each command with what the table has for it, until the connection ends.
func (s *scripted) converse(answers map[string][]any) error {
	if err := s.shake(); err != nil {
		return err
	}
	for {
		m, err := s.in.next()
		if err != nil {
			return err
		}
		if m.typ != Command {
			s.heard = append(s.heard, map[Type]string{Audio: "audio", Video: "video", UserControl: "control"}[m.typ])
			continue
		}
		values, err := amf0.Decode(m.body)
		if err != nil {
			return err
		}
		name := values[0].(string)
		s.heard = append(s.heard, name)
		if answer := answers[name]; answer != nil {
			if err := s.say(answer...); err != nil || name == s.until {
				return err
			}
		}
	}
}

func info(level, code, description string) amf0.Object {
	return amf0.Object{{Name: "level", Value: level}, {Name: "code", Value: code}, {Name: "description", Value: description}}
}

// agreeable says yes to everything, but for what is given.
func agreeable(except string, answer ...any) func(*scripted) error {
	answers := map[string][]any{
		"connect":      {"_result", 1.0, nil, info("status", "NetConnection.Connect.Success", "")},
		"createStream": {"_result", 4.0, nil, 1.0},
		"publish":      {"onStatus", 0.0, nil, info("status", "NetStream.Publish.Start", "go")},
	}
	if except != "" {
		answers[except] = answer
	}
	return func(s *scripted) error { return s.converse(answers) }
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name   string
		server func(*scripted) error
		want   Refused
	}{
		{"connect", agreeable("connect", "_error", 1.0, nil, info("error", "NetConnection.Connect.Rejected", "no such app")), Refused{"connect", "NetConnection.Connect.Rejected", "no such app"}},
		{"createStream", agreeable("createStream", "_error", 4.0, nil, nil), Refused{"createStream", "", ""}},
		{"publish by status", agreeable("publish", "onStatus", 0.0, nil, info("error", "NetStream.Publish.BadName", "in use")), Refused{"publish", "NetStream.Publish.BadName", "in use"}},
		{"publish by error", agreeable("publish", "_error", 5.0, nil, info("error", "NetStream.Publish.Unauthorized", "wrong key")), Refused{"publish", "NetStream.Publish.Unauthorized", "wrong key"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			address, _ := serve(t, tt.server)
			_, err := Dial(t.Context(), address, Options{})
			var got *Refused
			if !errors.As(err, &got) || *got != tt.want {
				t.Fatalf("error %v, want %+v", err, tt.want)
			}
			if !strings.Contains(err.Error(), tt.want.Code) {
				t.Errorf("%q does not name the code", err)
			}
		})
	}
}

func TestBrokenServers(t *testing.T) {
	tests := []struct {
		name   string
		server func(*scripted) error
		want   error
	}{
		{"hangs up at once", func(*scripted) error { return nil }, io.EOF},
		{"another protocol", func(s *scripted) error {
			_, err := s.conn.Write([]byte(strings.Repeat("HTTP/1.1 400 Bad Request\r\n", 100)))
			return errors.Join(err, s.in.read(make([]byte, 1537)))
		}, ErrProtocol},
		{"no AMF0", func(s *scripted) error {
			if err := s.shake(); err != nil {
				return err
			}
			_, err := s.conn.Write(s.out.append(nil, message{typ: Command, body: []byte{0xff}}))
			return errors.Join(err, s.in.read(make([]byte, 64)))
		}, ErrProtocol},
		{"a command without a transaction", agreeable("connect", "_result"), ErrProtocol},
		{"no stream", agreeable("createStream", "_result", 4.0, nil, "one"), ErrProtocol},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			address, _ := serve(t, tt.server)
			_, err := Dial(t.Context(), address, Options{})
			// A server that hangs up with bytes unread resets the connection.
			if !errors.Is(err, tt.want) && !(tt.want == io.EOF && errors.Is(err, syscall.ECONNRESET)) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

func TestDialGivesUp(t *testing.T) {
	silent := func(s *scripted) error {
		_, err := io.Copy(io.Discard, s.conn)
		return err
	}
	t.Run("after the timeout", func(t *testing.T) {
		address, _ := serve(t, silent)
		if _, err := Dial(t.Context(), address, Options{Timeout: 50 * time.Millisecond}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want context.DeadlineExceeded", err)
		}
	})
	t.Run("with its context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		address, _ := serve(t, func(s *scripted) error {
			cancel()
			return silent(s)
		})
		if _, err := Dial(ctx, address, Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want context.Canceled", err)
		}
	})
	t.Run("without a server", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		if _, err := Dial(t.Context(), "rtmp://"+l.Addr().String()+"/live/key", Options{}); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("error %v, want ECONNREFUSED", err)
		}
	})
}

func TestGoodbye(t *testing.T) {
	address, finish := serve(t, agreeable(""))
	c, err := Dial(t.Context(), address, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(Audio, 0, []byte("a")); err != nil {
		t.Fatal(err)
	}
	if c.Err() != nil {
		t.Errorf("error %v while all is well", c.Err())
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"", "connect", "releaseStream", "FCPublish", "createStream", "publish", "audio", "FCUnpublish", "deleteStream"}
	s := finish()
	want = want[1:]
	if s.end != io.EOF || !slices.Equal(slices.DeleteFunc(s.heard, func(h string) bool { return h == "" }), want) {
		t.Errorf("heard %q and then %v, want %q and EOF", s.heard, s.end, want)
	}
}

func TestAbort(t *testing.T) {
	address, finish := serve(t, agreeable(""))
	c, err := Dial(t.Context(), address, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Abort(); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("Close after Abort: %v", err)
	}
	if s := finish(); !errors.Is(s.end, syscall.ECONNRESET) || slices.Contains(s.heard, "deleteStream") {
		t.Errorf("heard %q and then %v, want a reset without a goodbye", s.heard, s.end)
	}
}

func TestPingIsAnswered(t *testing.T) {
	ponged := make(chan []byte, 1)
	address, _ := serve(t, func(s *scripted) error {
		if err := s.shake(); err != nil {
			return err
		}
		ping := message{typ: UserControl, body: []byte{0, 6, 1, 2, 3, 4}}
		if _, err := s.conn.Write(s.out.append(nil, ping)); err != nil {
			return err
		}
		for {
			m, err := s.in.next()
			if err != nil {
				return err
			}
			if m.typ == UserControl {
				ponged <- m.body
				return nil
			}
		}
	})
	if _, err := Dial(t.Context(), address, Options{}); err == nil {
		t.Error("Dial was happy with a server that hung up")
	}
	if got := <-ponged; string(got) != "\x00\x07\x01\x02\x03\x04" {
		t.Errorf("answer %x", got)
	}
}

func TestErrorWhilePublishing(t *testing.T) {
	sent := make(chan struct{})
	address, _ := serve(t, func(s *scripted) error {
		go func() {
			<-sent
			_ = s.say("onStatus", 0.0, nil, info("error", "NetStream.Publish.BadName", "taken over"))
		}()
		return agreeable("")(s)
	})
	c, err := Dial(t.Context(), address, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Abort() //nolint:errcheck // closed by the server's error
	close(sent)
	<-c.Done()
	var refused *Refused
	if err := c.Send(Audio, 0, []byte("a")); !errors.As(err, &refused) || refused.Description != "taken over" {
		t.Errorf("error %v, want the server's words", err)
	}
}

func TestServerThatDoesNotRead(t *testing.T) {
	tests := []struct {
		name  string
		opt   Options
		hurry bool
	}{
		{"ends by the write timeout", Options{WriteTimeout: 50 * time.Millisecond}, false},
		{"ends when hurried", Options{WriteTimeout: time.Hour}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			release := make(chan struct{})
			address, _ := serve(t, func(s *scripted) error {
				s.until = "publish"
				err := agreeable("")(s)
				<-release
				return err
			})
			t.Cleanup(func() { close(release) }) // before the server is waited for
			c, err := Dial(t.Context(), address, tt.opt)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Abort() //nolint:errcheck // already broken
			if tt.hurry {
				c.Hurry()
			}
			for frame := make([]byte, 1<<20); err == nil; {
				err = c.Send(Video, 0, frame)
			}
			var timeout net.Error
			if !errors.As(err, &timeout) || !timeout.Timeout() {
				t.Errorf("error %v, want a timeout", err)
			}
		})
	}
}

func TestParseURL(t *testing.T) {
	tests := []struct {
		in   string
		want Target
	}{
		{"rtmp://127.0.0.1:1936/live/key", Target{"127.0.0.1:1936", "live", "key"}},
		{"rtmp://host/live/key", Target{"host:1935", "live", "key"}},
		{"rtmp://[::1]/live/key?a=b&c", Target{"[::1]:1935", "live", "key?a=b&c"}},
		{"rtmp://host:1/app/inner/key", Target{"host:1", "app/inner", "key"}},
	}
	for _, tt := range tests {
		if got, err := ParseURL(tt.in); err != nil || got != tt.want {
			t.Errorf("%s is %+v with error %v, want %+v", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{"", "host/live/key", "http://host/live/key", "rtmp:///live/key", "rtmp://host", "rtmp://host/key", "rtmp://host/live/", "rtmp://host/%zz/key"} {
		if got, err := ParseURL(in); !errors.Is(err, ErrURL) {
			t.Errorf("%q is %+v with error %v, want ErrURL", in, got, err)
		}
	}
}
