package rest

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"shoal/cluster/fsm/fsmtest"
	"shoal/federation/rest/schema"
	"shoal/federation/rest/shape"
)

// FuzzMultipart reads foreign forms.
func FuzzMultipart(f *testing.F) {
	const head = "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nA concert\r\n"
	f.Add([]byte(head+"--b--\r\n"), true)
	f.Add([]byte(head+"--b\r\nContent-Disposition: form-data; name=\"thumbnailfile\"; filename=\"a.jpg\"\r\n\r\n\xff\xd8\xff\r\n--b--\r\n"), true)
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"tags[0]\"\r\n\r\naa\r\n--b\r\nContent-Disposition: form-data; name=\"tags[]\"\r\n\r\nbb\r\n--b--"), false)
	f.Add([]byte("--b\r\n\r\n\r\n--b--"), false)
	f.Fuzz(func(t *testing.T, data []byte, images bool) {
		tree, err := readMultipart(multipart.NewReader(bytes.NewReader(data), "b"), images)
		if err != nil {
			if s := toFault(misread(err, "body")).status; s < 400 || s > 499 {
				t.Errorf("%q: %v is the node's fault", data, err)
			}
			return
		}
		var b shape.VideoChange
		if err := schema.Decode(tree, &b, schema.Mode{Lenient: true, Form: true}); err == nil && !images && (b.Thumbnail != nil || b.Preview != nil) {
			t.Errorf("%q: a file that is not taken", data)
		}
	})
}

// FuzzHost sees that what passes for a host cannot lead a URL elsewhere.
func FuzzHost(f *testing.F) {
	for _, seed := range []string{"live.example:8080", "[::1]:80", "user@host", "a/b", "a?b", "", "-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, host string) {
		if !isHost(host) {
			return
		}
		u, err := url.Parse(origin{"https", host}.String() + "/videos/watch/x")
		if err == nil && (u.Host != host || u.User != nil || u.Path != "/videos/watch/x") {
			t.Errorf("%q leads to %v", host, u)
		}
	})
}

// testForms bounds what a multipart body may hold.
func testForms(t *testing.T, s *stand) {
	v := s.live("alice")
	send := func(body *bytes.Buffer, kind option) answer {
		return s.do("alice", "PUT", "/api/v1/videos/"+v.UUID, body, kind)
	}
	many := make([][2]string, maxParts+1)
	for i := range many {
		many[i] = [2]string{"more", "x"}
	}
	body, kind := form(t, many, nil)
	send(body, kind).wantProblem(http.StatusBadRequest, "")
	body, kind = form(t, [][2]string{{"a", strings.Repeat("x", maxText/2)}, {"b", strings.Repeat("x", maxText/2+1)}}, nil)
	send(body, kind).wantProblem(http.StatusRequestEntityTooLarge, "")
	body, kind = form(t, [][2]string{{"name", "Another"}}, map[string][]byte{"unknownfile": make([]byte, 1<<20)})
	send(body, kind).want(204)
	body, kind = form(t, [][2]string{{"name", "Another"}}, nil)
	body.Truncate(body.Len() - 10)
	send(body, kind).wantProblem(http.StatusBadRequest, "")
}

// TestImageSlots fills the places for pictures: who comes then waits, and is told to come again.
func TestImageSlots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(fsmtest.Epoch)) // where the state's clock begins
		s := newStand(t)
		v := s.live("alice")
		put := func() answer {
			return s.do("alice", "PUT", "/api/v1/shoal/videos/"+v.UUID+"/poster", bytes.NewReader(picture(t)), header("Content-Type", typeJPEG))
		}
		var done []func()
		for range imageSlots {
			d, err := s.api.takeImageSlot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			done = append(done, d)
		}
		if a := put(); a.wantProblem(http.StatusServiceUnavailable, "") == nil || a.Header().Get("Retry-After") == "" {
			t.Errorf("headers %v", a.Header())
		}
		go func() {
			time.Sleep(time.Second)
			for _, d := range done {
				d()
			}
		}()
		put().want(200)
	})
}
