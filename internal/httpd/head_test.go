package httpd

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"
)

const mediaPrefix = "/media/"

func TestPlainHeads(t *testing.T) {
	tests := []struct {
		name, head string
		want       plainRequest
	}{
		{
			"least", "GET /media/a HTTP/1.1\r\nHost: x\r\n\r\n",
			plainRequest{Head: Head{Method: "GET", Path: "/media/a"}},
		},
		{
			"query and fields", "HEAD /media/a.m3u8?_HLS_msn=1&x=?y HTTP/1.1\r\nhost:x\r\nACCEPT-ENCODING: gzip, br \r\nRange: bytes=0-1\r\nUser-Agent: x\r\nCookie: a=b\r\n\r\n",
			plainRequest{Head: Head{Method: "HEAD", Path: "/media/a.m3u8", Query: "_HLS_msn=1&x=?y", AcceptEncoding: "gzip, br", Range: "bytes=0-1"}},
		},
		{
			"range with a validator", "GET /media/a HTTP/1.1\r\nRange: bytes=0-1\r\nIf-Range: \"x\"\r\nHost: x\r\n\r\n",
			plainRequest{Head: Head{Method: "GET", Path: "/media/a"}},
		},
		{
			"last of its connection", "GET /media/a HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n",
			plainRequest{Head: Head{Method: "GET", Path: "/media/a"}, close: true},
		},
		{
			"stays", "GET /media/a HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n",
			plainRequest{Head: Head{Method: "GET", Path: "/media/a"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, plain := parseHead([]byte(tt.head), mediaPrefix)
			if !plain || got != tt.want {
				t.Errorf("got %+v, plain %v", got, plain)
			}
		})
	}
}

func TestHeadsThatAreLeftToNetHTTP(t *testing.T) {
	get := func(fields string) string { return "GET /media/a HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" }
	for name, head := range map[string]string{
		"another path":        "GET /other HTTP/1.1\r\nHost: x\r\n\r\n",
		"another method":      "POST /media/a HTTP/1.1\r\nHost: x\r\n\r\n",
		"OPTIONS":             "OPTIONS /media/a HTTP/1.1\r\nHost: x\r\n\r\n",
		"an older version":    "GET /media/a HTTP/1.0\r\nHost: x\r\n\r\n",
		"no version":          "GET /media/a\r\nHost: x\r\n\r\n",
		"an absolute address": "GET http://x/media/a HTTP/1.1\r\nHost: x\r\n\r\n",
		"an encoded path":     "GET /media/%61 HTTP/1.1\r\nHost: x\r\n\r\n",
		"a space in the path": "GET /media/a b HTTP/1.1\r\nHost: x\r\n\r\n",
		"a fragment":          "GET /media/a#b HTTP/1.1\r\nHost: x\r\n\r\n",
		"no host":             "GET /media/a HTTP/1.1\r\n\r\n",
		"an empty host":       "GET /media/a HTTP/1.1\r\nHost:\r\n\r\n",
		"no host's name":      "GET /media/a HTTP/1.1\r\nHost: a b<>/\r\n\r\n",
		"two hosts":           get("Host: y\r\n"),
		"a length":            get("Content-Length: 0\r\n"),
		"a transfer coding":   get("Transfer-Encoding: chunked\r\n"),
		"an upgrade":          get("Connection: Upgrade\r\nUpgrade: h2c\r\n"),
		"an expectation":      get("Expect: 100-continue\r\n"),
		"a trailer":           get("Trailer: x\r\n"),
		"a folded field":      get("X: a\r\n b\r\n"),
		"a space before :":    get("Accept : a\r\n"),
		"a field without :":   get("Accept\r\n"),
		"a bare line feed":    get("X: a\nContent-Length: 5\r\n"),
		"a NUL":               get("X: a\x00b\r\n"),
		"two ranges":          get("Range: bytes=0-1\r\nRange: bytes=2-3\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			if _, plain := parseHead([]byte(head), mediaPrefix); plain {
				t.Errorf("taken for plain: %q", head)
			}
		})
	}
}

// FuzzHead holds that a head which is plain here means the same to net/http, and has no body there: else two readers of
// one connection could disagree about where a request ends.
func FuzzHead(f *testing.F) {
	f.Add([]byte("GET /media/a?b=c HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\nAccept-Encoding: gzip\r\n\r\nrest"))
	f.Add([]byte("GET /media/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
	f.Add([]byte("GET /media/a HTTP/1.1\r\nHost: x\r\nX: y\nContent-Length: 3\r\n\r\nabc"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := headLength(b, 0)
		if n == 0 {
			return
		}
		r, plain := parseHead(b[:n], mediaPrefix)
		if !plain {
			return
		}
		br := bufio.NewReader(bytes.NewReader(b[:n]))
		q, err := http.ReadRequest(br)
		if err != nil {
			t.Fatalf("net/http refuses what is plain here: %v", err)
		}
		switch {
		case q.Method != r.Method || q.URL.Path != r.Path || q.URL.RawQuery != r.Query:
			t.Errorf("net/http reads %s %s ? %s, we %s %s ? %s", q.Method, q.URL.Path, q.URL.RawQuery, r.Method, r.Path, r.Query)
		case q.Body != http.NoBody || q.ContentLength != 0:
			t.Error("net/http sees a body")
		case br.Buffered() > 0:
			t.Errorf("net/http leaves %d bytes of the head", br.Buffered())
		case q.Close != r.close:
			t.Errorf("net/http closes: %v, we: %v", q.Close, r.close)
		case q.Header.Get("Accept-Encoding") != r.AcceptEncoding:
			t.Errorf("encoding is %q to net/http, %q to us", q.Header.Get("Accept-Encoding"), r.AcceptEncoding)
		case q.Header.Get("If-Range") == "" && len(q.Header["If-Range"]) == 0 && q.Header.Get("Range") != r.Range:
			t.Errorf("range is %q to net/http, %q to us", q.Header.Get("Range"), r.Range)
		}
	})
}

func TestHeadsWithBareLineFeedsEnd(t *testing.T) {
	for _, head := range []string{"GET / HTTP/1.1\nHost: x\n\n", "GET / HTTP/1.1\r\nHost: x\r\n\n", "GET / HTTP/1.1\nHost: x\n\r\n"} {
		if n := headLength([]byte(head+"more"), 0); n != len(head) {
			t.Errorf("%q ends after %d, not %d", head, n, len(head))
		}
	}
}

func TestHeadLengthLooksAtEachByteOnce(t *testing.T) {
	head := "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	for cut := range len(head) {
		if n := headLength([]byte(head[:cut]), 0); n != 0 {
			t.Fatalf("%d bytes have a head of %d", cut, n)
		}
		if n := headLength([]byte(head+"more"), cut); n != len(head) {
			t.Fatalf("after %d bytes the head has %d, want %d", cut, n, len(head))
		}
	}
}

func BenchmarkParseHead(b *testing.B) {
	head := []byte("GET /media/7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11/main-7-1234.5.mp4 HTTP/1.1\r\nHost: 192.168.1.20:8080\r\n" +
		"Connection: keep-alive\r\nUser-Agent: " + strings.Repeat("x", 120) + "\r\nAccept: */*\r\nReferer: http://192.168.1.20:8080/w/stage\r\n" +
		"Accept-Encoding: gzip, deflate\r\nAccept-Language: en-US,en;q=0.9\r\n\r\n")
	b.ReportAllocs()
	for b.Loop() {
		if _, plain := parseHead(head, mediaPrefix); !plain {
			b.Fatal("not plain")
		}
	}
}
