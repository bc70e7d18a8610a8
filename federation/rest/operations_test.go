package rest

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"shoal/internal/catalog"
)

// path fills in an operation's path with things of alice's.
func (s *stand) path(o *operation, live catalog.Video) string {
	id := map[subject]string{
		ofVideo: live.UUID, ofLive: live.UUID, ofChannel: "alice_channel", ofAccount: "alice",
		ofUser: fmt.Sprint(s.users["alice"].ID),
	}[o.of]
	p := strings.NewReplacer("{id}", id, "{file}", live.UUID+"-0.jpg").Replace(o.path)
	return p
}

// testEveryOperation walks the table: each call is in the mux, and wants of its callers what it says.
func testEveryOperation(t *testing.T, s *stand) {
	live := s.live("alice")
	for i := range s.api.operations {
		o := &s.api.operations[i]
		path := s.path(o, live)
		r, err := http.NewRequest(o.method, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, pattern := s.api.muxOf(path).Handler(r); pattern != o.method+" "+o.path {
			t.Errorf("%s: the mux finds %q", o.id, pattern)
		}
		if o.access != anyone {
			s.do("", o.method, path, nil).wantProblem(http.StatusUnauthorized, codeUnauthorized)
			s.do("no-such-token", o.method, path, nil).wantProblem(http.StatusUnauthorized, codeInvalidToken)
		}
		switch o.access {
		case owner, moderator, admin:
			s.do("bob", o.method, path, nil).wantProblem(http.StatusForbidden, "")
		}
		if o.access == admin {
			s.do("mod", o.method, path, nil).wantProblem(http.StatusForbidden, "")
		}
	}
}

// strangers are paths of things that are not there.
var strangers = map[subject]string{
	ofVideo: "6b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11", ofLive: "12345", ofChannel: "nobodys_channel", ofAccount: "nobody@elsewhere.example", ofUser: "4711",
}

func testNothingThere(t *testing.T, s *stand) {
	for i := range s.api.operations {
		o := &s.api.operations[i]
		if o.of != nothing {
			s.do("root", o.method, strings.ReplaceAll(o.path, "{id}", strangers[o.of]), nil).wantProblem(http.StatusNotFound, "")
		}
	}
}

// testWrongBodies sends every call that takes a body others than it takes.
func testWrongBodies(t *testing.T, s *stand) {
	live := s.live("root")
	for i := range s.api.operations {
		o := &s.api.operations[i]
		if o.body == nil || o.body == reflect.TypeFor[imageBody]() {
			continue
		}
		t.Run(o.id, func(t *testing.T) {
			outer := s.t
			s.t = t
			defer func() { s.t = outer }()
			path := s.path(o, live)
			as := "root"
			if o.logsIn {
				as = ""
			}
			send := func(kind, body string) answer {
				return s.do(as, o.method, path, strings.NewReader(body), header("Content-Type", kind))
			}
			send(typeJSON, `{"a":`).wantProblem(http.StatusBadRequest, "")
			send(typeJSON, `[]`).wantProblem(http.StatusBadRequest, "")
			send(typeJSON, `{} {}`).wantProblem(http.StatusBadRequest, "")
			send(typeJSON, strings.Repeat(`{"a":`, 100)+"1"+strings.Repeat("}", 100)).wantProblem(http.StatusBadRequest, "")
			send(typeJSON, `{"a":"`+strings.Repeat("x", maxText)+`"}`).wantProblem(http.StatusRequestEntityTooLarge, "")
			send("text/plain", "hello").wantProblem(http.StatusUnsupportedMediaType, "")
			field, name := firstField(o.body)
			wrong := map[reflect.Kind]string{
				reflect.String: `{"x":1}`, reflect.Bool: `"perhaps"`, reflect.Int64: `"many"`, reflect.Int: `"many"`, reflect.Float64: `"much"`, reflect.Struct: `7`,
			}[field.Kind()]
			if wrong == "" {
				t.Fatalf("no wrong value for %s", field)
			}
			send(typeJSON, fmt.Sprintf(`{%q:%s}`, name, wrong)).wantMistake(name)
			if o.own {
				send(typeJSON, `{"noSuchField":1}`).wantMistake("noSuchField")
				send(typeForm, "a=b").wantProblem(http.StatusUnsupportedMediaType, "")
			} else {
				send(typeForm, "%zz").wantProblem(http.StatusBadRequest, "")
				send(typeForm, "a[=b").wantMistake("a[")
				send(typeMultipart, "x").wantProblem(http.StatusUnsupportedMediaType, "") // no boundary
				send(typeMultipart+"; boundary=b", "x").wantProblem(http.StatusBadRequest, "")
			}
		})
	}
}

// firstField finds the first field of a body that is a plain value.
func firstField(t reflect.Type) (kind reflect.Type, name string) {
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous {
			continue
		}
		kind = f.Type
		if v := kind; v.Kind() == reflect.Struct && v.NumField() == 2 && v.Field(0).Name == "Set" {
			kind = v.Field(1).Type // a Clearable
		}
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		name, _, _ = strings.Cut(f.Tag.Get("json"), ",")
		return kind, name
	}
	return nil, ""
}

// testWrongQueries sends every list a query that it does not take.
func testWrongQueries(t *testing.T, s *stand) {
	live := s.live("root")
	for i := range s.api.operations {
		o := &s.api.operations[i]
		if o.query == nil || o.method != http.MethodGet {
			continue
		}
		path := s.path(o, live)
		s.do("root", "GET", path+"?count=101", nil).wantMistake("count")
		s.do("root", "GET", path+"?start=-1&count=x", nil).wantMistake("start")
		s.do("root", "GET", path+"?start=1&start=2", nil).wantMistake("start")
		s.do("root", "GET", path+"?a=%zz", nil).wantProblem(http.StatusBadRequest, "")
		s.do("root", "GET", path+"?unknown=1&start=1&count=2", nil).want(http.StatusOK)
	}
}

func testOtherRequests(t *testing.T, s *stand) {
	for _, tc := range []struct {
		method, path string
		status       int
		allow        string
		open         bool
	}{
		{"GET", "/api/v1/nothing", 404, "", false},
		{"GET", "/api/v1/videos/live/x/y/z", 404, "", false},
		{"GET", "/lazy-static/other", 404, "", false},
		{"DELETE", "/api/v1/videos", 405, "GET", false},
		{"DELETE", "/api/v1/videos/live/7/sessions", 405, "GET", false},
		{"PATCH", "/api/v1/videos/7", 405, "GET, PUT, DELETE", false},
		{"OPTIONS", "/api/v1/videos/7", 204, "GET, PUT, DELETE", true},
		{"OPTIONS", "/api/v1/videos/live", 204, "GET, POST, PUT, DELETE", true}, // "live" may be a video's alias
		{"OPTIONS", "/api/v1/shoal/session", 204, "GET, POST, DELETE", false},
	} {
		a := s.do("", tc.method, tc.path, nil, header("Origin", "https://elsewhere.example"))
		a.want(tc.status)
		if got := a.Header().Get("Allow"); got != tc.allow {
			t.Errorf("%s: Allow is %q; want %q", a.call, got, tc.allow)
		}
		if got := a.Header().Get("Access-Control-Allow-Methods") != ""; got != tc.open {
			t.Errorf("%s: other sites may call: %v; want %v", a.call, got, tc.open)
		}
		if tc.status >= 400 {
			a.wantProblem(tc.status, "")
		}
	}
	head := s.do("", "HEAD", "/api/v1/config", nil).want(http.StatusOK)
	if head.Body.Len() > 0 || head.Header().Get("Content-Length") == "" {
		t.Errorf("HEAD: %v, %d bytes", head.Header(), head.Body.Len())
	}
}

// TestHost sees that nobody gets links to where a client says that we are, if that is no place, or if we know better.
func TestHost(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	live := s.live("alice")
	for _, host := range []string{"", "a b", "a/b", "user@live.example", "live.example?x", "<script>", strings.Repeat("a", 256)} {
		s.host = host
		s.do("", "GET", "/api/v1/videos/"+live.UUID, nil).wantProblem(http.StatusBadRequest, "")
	}
	for _, host := range []string{"live.example", "Live.Example:8080", "[2001:db8::1]:80", "127.0.0.1"} {
		s.host = host
		s.do("", "GET", "/api/v1/videos/"+live.UUID, nil).want(200).is("url", "http://"+strings.ToLower(host)+"/videos/watch/"+live.UUID)
	}
	s = newStand(t, func(o *Options) { o.PublicURL = "https://Tube.Example/" })
	live = s.live("alice")
	s.host = "<script>"
	s.do("", "GET", "/api/v1/videos/"+live.UUID, nil).want(200).is(
		"url", "https://tube.example/videos/watch/"+live.UUID, "account.host", "tube.example")
	s.do("", "GET", "/api/v1/accounts/alice@TUBE.example", nil).want(200)
	for _, bad := range []string{"tube.example", "ftp://tube.example", "https://tube.example/live", "https://a b", "https://u@tube.example", "://"} {
		if _, err := New(Options{PublicURL: bad}); err == nil {
			t.Errorf("the public URL %q was taken", bad)
		}
	}
}
