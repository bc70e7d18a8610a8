package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"shoal/cluster/fsm/fsmtest"
	"shoal/federation/rest/schema"
	"shoal/federation/rest/shape"
	"shoal/internal/httpd"
)

// FuzzMultipart reads foreign forms.
func FuzzMultipart(f *testing.F) {
	const head = "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nA concert\r\n"
	f.Add([]byte(head+"--b--\r\n"), true)
	f.Add([]byte(head+"--b\r\nContent-Disposition: form-data; name=\"thumbnailfile\"; filename=\"a.jpg\"\r\n\r\n\xff\xd8\xff\r\n--b--\r\n"), true)
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"tags[0]\"\r\n\r\naa\r\n--b\r\nContent-Disposition: form-data; name=\"tags[]\"\r\n\r\nbb\r\n--b--"), false)
	f.Add([]byte("--b\r\n\r\n\r\n--b--"), false)
	f.Fuzz(func(t *testing.T, data []byte, images bool) {
		tree, err := readMultipart(multipart.NewReader(bytes.NewReader(data), "b"), maxText, images)
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
		if !httpd.IsHost(host) {
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
		for what, users := range map[string][]int64{
			"all places": {1001, 1002},
			"one's own":  {s.users["alice"].ID},
		} {
			var done []func()
			for _, user := range users {
				d, err := s.api.images.take(t.Context(), user)
				if err != nil {
					t.Fatal(err)
				}
				done = append(done, d)
			}
			if a := put(); a.wantProblem(http.StatusServiceUnavailable, "") == nil || a.Header().Get("Retry-After") == "" {
				t.Errorf("%s: headers %v", what, a.Header())
			}
			go func() {
				time.Sleep(time.Second)
				for _, d := range done {
					d()
				}
			}()
			put().want(200)
		}
		put().want(200) // the places come back
	})
}

// TestImageSlotGivenUp sees that a place is not waited for by who has gone, and that one place stays for another user.
func TestImageSlotGivenUp(t *testing.T) {
	t.Parallel()
	s := newSlots()
	done, err := s.take(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.take(ctx, 7); !errors.Is(err, context.Canceled) {
		t.Errorf("a user's second body: %v", err)
	}
	other, err := s.take(t.Context(), 8)
	if err != nil {
		t.Fatal(err)
	}
	done()
	other()
	if len(s.taken) != 0 {
		t.Errorf("taken are %v", s.taken)
	}
}

// deadlines is an answer on a connection that has deadlines for reading.
type deadlines struct {
	*httptest.ResponseRecorder
	set []time.Duration // from when each was set
}

func (d *deadlines) SetReadDeadline(at time.Time) error {
	d.set = append(d.set, time.Until(at))
	return nil
}

// stalled is a body that ends when the deadline of its connection does.
type stalled struct{ d *deadlines }

func (s stalled) Read([]byte) (int, error) {
	if len(s.d.set) != 1 {
		return 0, io.ErrNoProgress
	}
	time.Sleep(s.d.set[0])
	return 0, os.ErrDeadlineExceeded
}

// TestSlowPictures sees that a body cannot hold its place by coming slowly.
func TestSlowPictures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(fsmtest.Epoch))
		s := newStand(t)
		v := s.live("alice")
		put := func(w http.ResponseWriter, body io.Reader, kind string) {
			r := httptest.NewRequestWithContext(t.Context(), "PUT", "/api/v1/videos/"+v.UUID, body)
			r.Host, r.RemoteAddr = s.host, s.from
			r.Header.Set("Authorization", "Bearer "+s.token("alice"))
			r.Header.Set("Content-Type", kind)
			s.api.ServeHTTP(w, r)
		}
		slow := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		put(slow, stalled{slow}, typeMultipart+"; boundary=b")
		if slow.Code != http.StatusBadRequest || !slices.Equal(slow.set, []time.Duration{pictureTime}) || len(s.api.images.taken) != 0 {
			t.Errorf("%d, with %v for reading; taken are %v", slow.Code, slow.set, s.api.images.taken)
		}
		good := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		body, kind := form(t, nil, map[string][]byte{"previewfile": picture(t)})
		r := http.Request{Header: http.Header{}}
		kind(&r)
		put(good, body, r.Header.Get("Content-Type"))
		if good.Code != http.StatusNoContent || !slices.Equal(good.set, []time.Duration{pictureTime, restTime}) {
			t.Errorf("%d, with %v for reading", good.Code, good.set)
		}
		text := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		put(text, strings.NewReader(`{"name":"Another"}`), typeJSON)
		if text.Code != http.StatusNoContent || len(text.set) != 0 {
			t.Errorf("without pictures: %d, with %v for reading", text.Code, text.set)
		}
	})
}

// testOpenBodies sees that strangers cannot send much.
func testOpenBodies(t *testing.T, s *stand) {
	v := s.live("alice")
	path := "/api/v1/videos/" + v.UUID
	filler := strings.Repeat("x", maxOpenText)
	multi, kind := form(t, [][2]string{{"currentTime", "1"}, {"viewEvent", filler}}, nil)
	for _, tc := range []struct {
		body string
		kind option
	}{
		{`{"currentTime":1,"other":"` + filler + `"}`, header("Content-Type", typeJSON)},
		{"currentTime=1&other=" + filler, header("Content-Type", typeForm)},
		{multi.String(), kind},
	} {
		s.do("", "POST", path+"/views", strings.NewReader(tc.body), tc.kind).wantProblem(http.StatusRequestEntityTooLarge, "")
		// Who is logged in and changes what is theirs may send more.
		s.do("alice", "PUT", path, strings.NewReader(tc.body), tc.kind).want(204)
	}
	few := `{"currentTime":1,"other":[` + strings.Repeat(`{"a":0},`, 6000) + `0]}`
	s.do("", "POST", path+"/views", strings.NewReader(few), header("Content-Type", typeJSON)).wantProblem(http.StatusBadRequest, "")
}
