package rtmp

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// Options say how a client behaves. The zero value is a well-behaved encoder.
type Options struct {
	// ChunkSize is what the client announces, in bytes; 4,096 if 0, as OBS does. 128 to 16,777,215.
	ChunkSize int
	// Timeout bounds everything from dialling to the accepted publish; 10 s if 0.
	Timeout time.Duration
	// WriteTimeout bounds the sending of one message to a server that does not read; 10 s if 0.
	WriteTimeout time.Duration
	// FlashVer names the encoder to the server; "FMLE/3.0 (compatible; Shoal)" if empty.
	FlashVer string
	// FullHeaders sends every message with a full header, as some hardware encoders do. Otherwise headers are
	// compressed as ffmpeg does it.
	FullHeaders bool
	// ShortType3 leaves the extended timestamp out of continuation chunks, as OBS did before late 2024 and librtmp
	// does; the specification repeats it.
	ShortType3 bool
	// Dialer opens the connection; the zero value if nil.
	Dialer *net.Dialer
}

func (o Options) withDefaults() Options {
	if o.ChunkSize == 0 {
		o.ChunkSize = 4096
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = 10 * time.Second
	}
	if o.FlashVer == "" {
		o.FlashVer = "FMLE/3.0 (compatible; Shoal)"
	}
	if o.Dialer == nil {
		o.Dialer = &net.Dialer{}
	}
	return o
}

// Refused is the error of a server that said no, with its own words.
type Refused struct {
	Command     string // what was refused: "connect", "createStream" or "publish"
	Code        string // "NetStream.Publish.BadName"; empty if the server gave none
	Description string
}

// Error names the command, the code and the description.
func (r *Refused) Error() string {
	return fmt.Sprintf("the server refused %s: %s %q", r.Command, r.Code, r.Description)
}

// ErrURL says that an address is not rtmp://HOST[:PORT]/APP/KEY.
var ErrURL = errors.New("not an address such as rtmp://127.0.0.1:1935/live/key")

// Target is where to publish.
type Target struct {
	Addr string // host:port
	App  string // "live"; may have slashes
	Key  string // the last part of the path, with the query if there is one
}

// ParseURL takes an address of the form rtmp://HOST[:PORT]/APP/KEY[?QUERY] apart. The port is 1935 if none is named.
func ParseURL(s string) (Target, error) {
	u, err := url.Parse(s)
	if err != nil {
		return Target{}, fmt.Errorf("%w: %w", ErrURL, err)
	}
	path := strings.TrimPrefix(u.EscapedPath(), "/")
	cut := strings.LastIndexByte(path, '/')
	if u.Scheme != "rtmp" || u.Hostname() == "" || cut <= 0 || cut == len(path)-1 {
		return Target{}, ErrURL
	}
	t := Target{Addr: u.Host, App: path[:cut], Key: path[cut+1:]}
	if u.Port() == "" {
		t.Addr = net.JoinHostPort(u.Hostname(), "1935")
	}
	if u.RawQuery != "" {
		t.Key += "?" + u.RawQuery
	}
	return t, nil
}
