package rest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"golang.org/x/crypto/argon2"

	"shoal/cluster/fsm/fsmtest"
	"shoal/cluster/state"
	"shoal/internal/audience"
	"shoal/internal/auth"
	"shoal/internal/broadcast"
	"shoal/internal/catalog"
	"shoal/internal/media"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// TestCalls runs the tests that need no state of their own on one stand: making and checking one is most of what they cost.
func TestCalls(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for name, f := range map[string]func(*testing.T, *stand){
		"Document":       testDocument,
		"ServedDocument": testServedDocument,
		"EveryOperation": testEveryOperation,
		"NothingThere":   testNothingThere,
		"WrongBodies":    testWrongBodies,
		"WrongQueries":   testWrongQueries,
		"OtherRequests":  testOtherRequests,
		"Forms":          testForms,
		"OpenBodies":     testOpenBodies,
		"Pictures":       testPictures,
		"Studio":         testStudio,
		"Views":          testViews,
		"UpdateLive":     testUpdateLive,
		"CreateLive":     testCreateLive,
		"Sessions":       testSessions,
		"UpdateVideo":    testUpdateVideo,
		"DeleteLive":     testDeleteLive,
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			f(t, s)
		})
	}
	s.t = t
}

const password = "correct horse"

// passwordHash is that of password in the PHC string format, with the least cost there is: what a real one costs is not
// tested here.
var passwordHash = sync.OnceValue(func() string {
	salt := []byte("salt of the tests")
	b64 := base64.RawStdEncoding.EncodeToString
	return "$argon2id$v=19$m=8,t=1,p=1$" + b64(salt) + "$" + b64(argon2.IDKey([]byte(password), salt, 1, 8, 1, 32))
})

// stand is an API over a real catalog and a real auth.
type stand struct {
	t       testing.TB
	api     *API
	catalog *catalog.Catalog
	state   *counted
	auth    *auth.Auth
	lives   *fakeLives
	storage *fakeStorage
	posters *fakePosters
	from    string // address that calls come from
	host    string
	users   map[string]catalog.User
	tokens  map[string]string
}

// counted counts what is read.
type counted struct {
	*fsmtest.State
	reads atomic.Int64
}

func (c *counted) Read(ctx context.Context, f func(state.Querier) error) error {
	c.reads.Add(1)
	return c.State.Read(ctx, f)
}

// newStand makes a stand with the users root (an admin), mod (a moderator), alice and bob.
func newStand(t testing.TB, change ...func(*Options)) *stand {
	t.Helper()
	fsmState := &counted{State: fsmtest.New(t, catalog.Register)}
	reg := prometheus.NewRegistry()
	cat := catalog.New(fsmState, fsmState)
	s := &stand{
		t: t, catalog: cat, state: fsmState,
		auth:  auth.New(cat, auth.DefaultConfig(), slog.New(slog.DiscardHandler), reg),
		lives: &fakeLives{status: map[media.LiveID]broadcast.Status{}}, storage: &fakeStorage{}, posters: &fakePosters{kept: map[string]int64{}},
		from: "192.0.2.7:40000", host: "live.example:8080",
		users: map[string]catalog.User{}, tokens: map[string]string{},
	}
	s.lives.catalog = cat
	o := Options{
		Catalog: cat, Auth: s.auth, Audience: audience.New(audience.DefaultConfig(), reg),
		Lives: s.lives, Posters: s.posters, Storage: s.storage, Node: fakeNode{}, Downloads: fakeDownloads{},
		Log: slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn})), Version: "1.2.3", RTMPPort: 1935,
	}
	for _, f := range change {
		f(&o)
	}
	var err error
	if s.api, err = New(o); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"root", "mod", "alice", "bob"} {
		role, ok := map[string]catalog.Role{"root": catalog.Admin, "mod": catalog.Moderator}[name]
		if !ok {
			role = catalog.Ordinary
		}
		u, err := cat.CreateUser(t.Context(), catalog.NewUser{
			Name: name, Role: role, PasswordHash: passwordHash(), Quota: catalog.Unlimited, DailyQuota: catalog.Unlimited,
		})
		if err != nil {
			t.Fatal(err)
		}
		s.users[name] = u
	}
	return s
}

// testLog is where the API logs; what it logs is the node's own fault, and no test is to make one unasked.
type testLog struct{ t testing.TB }

func (l testLog) Write(line []byte) (int, error) {
	l.t.Errorf("logged: %s", line)
	return len(line), nil
}

// token logs a user in, once.
func (s *stand) token(name string) string {
	s.t.Helper()
	if name == "" {
		return ""
	}
	if _, ok := s.users[name]; !ok {
		return name // a token itself
	}
	if t, ok := s.tokens[name]; ok {
		return t
	}
	// As auth makes them, without hashing a password.
	secret := make([]byte, 32)
	rand.Read(secret)
	token := base64.RawURLEncoding.EncodeToString(secret)
	hash := func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }
	if err := s.catalog.Issue(s.t.Context(), catalog.NewToken{
		UserID: s.users[name].ID, AccessHash: hash(token), RefreshHash: hash("refresh " + token),
		AccessExpires: time.Now().Add(time.Hour), RefreshExpires: time.Now().Add(time.Hour),
	}); err != nil {
		s.t.Fatal(err)
	}
	s.tokens[name] = token
	return token
}

// answer is what a call gave.
type answer struct {
	t testing.TB
	*httptest.ResponseRecorder
	call string
}

// option changes a request.
type option func(*http.Request)

func header(name, value string) option { return func(r *http.Request) { r.Header.Set(name, value) } }

// do makes a call as a user, "" for a visitor. A body is JSON unless it is an io.Reader. Every answer is held against the
// document.
func (s *stand) do(as, method, path string, body any, options ...option) answer {
	s.t.Helper()
	var reader io.Reader
	kind := ""
	switch b := body.(type) {
	case nil:
	case io.Reader:
		reader = b
	default:
		text, err := json.Marshal(b)
		if err != nil {
			s.t.Fatal(err)
		}
		reader, kind = bytes.NewReader(text), typeJSON
	}
	r := httptest.NewRequestWithContext(s.t.Context(), method, path, reader)
	r.Host, r.RemoteAddr = s.host, s.from
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if token := s.token(as); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for _, o := range options {
		o(r)
	}
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	a := answer{s.t, w, method + " " + path}
	s.holdAgainstDocument(r, a)
	return a
}

// want fails unless the answer has a status.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.Code != status {
		a.t.Fatalf("%s: %d %s; want %d", a.call, a.Code, a.Body, status)
	}
	return a
}

// wantProblem fails unless the answer is a problem of a status and, if it is not "", a code.
func (a answer) wantProblem(status int, code string) map[string]any {
	a.t.Helper()
	a.want(status)
	p := a.object()
	if a.Header().Get("Content-Type") != typeProblem || p["status"] != float64(status) || p["error"] != p["detail"] || p["detail"] == "" {
		a.t.Errorf("%s: not a problem: %s", a.call, a.Body)
	}
	if got, _ := p["code"].(string); code != "" && got != code {
		a.t.Errorf("%s: code %q; want %q", a.call, got, code)
	}
	return p
}

// wantMistake fails unless the answer says that a field is wrong.
func (a answer) wantMistake(field string) {
	a.t.Helper()
	p := a.wantProblem(http.StatusBadRequest, "")
	wrong, _ := p["invalid-params"].(map[string]any)
	if wrong[field] == nil || !strings.Contains(p["detail"].(string), field) {
		a.t.Errorf("%s: %s; want it to name %s", a.call, a.Body, field)
	}
}

func (a answer) object() map[string]any {
	a.t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.Body.Bytes(), &v); err != nil {
		a.t.Fatalf("%s: %v: %s", a.call, err, a.Body)
	}
	return v
}

// at finds a value in an answer by a path such as "data.0.account.name".
func (a answer) at(path string) any {
	a.t.Helper()
	var v any = a.object()
	for step := range strings.SplitSeq(path, ".") {
		switch t := v.(type) {
		case map[string]any:
			v = t[step]
		case []any:
			i := 0
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(t) {
				return nil
			}
			v = t[i]
		default:
			return nil
		}
	}
	return v
}

// is fails unless the values at paths are those given: path, value, path, value.
func (a answer) is(pairs ...any) {
	a.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		want := pairs[i+1]
		if n, ok := want.(int); ok {
			want = float64(n)
		}
		if got := a.at(pairs[i].(string)); got != want {
			a.t.Errorf("%s: %s is %v; want %v", a.call, pairs[i], got, want)
		}
	}
}

// channel is the number of a user's first channel.
func (s *stand) channel(name string) int64 {
	s.t.Helper()
	all, _, err := s.catalog.Channels(s.t.Context(), catalog.ChannelFilter{Account: name, Sort: "createdAt"})
	if err != nil || len(all) == 0 {
		s.t.Fatal(err)
	}
	return all[0].ID
}

// live makes a live of a user.
func (s *stand) live(of string, change ...func(*catalog.NewLive)) catalog.Video {
	s.t.Helper()
	n := catalog.NewLive{ChannelID: s.channel(of), Name: "Concert", SaveReplay: true}
	for _, f := range change {
		f(&n)
	}
	v, err := s.catalog.CreateLive(s.t.Context(), n)
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

// begin puts a live on the air.
func (s *stand) begin(v catalog.Video) catalog.Session {
	s.t.Helper()
	session, err := s.catalog.BeginSession(s.t.Context(), catalog.NewSession{
		Video: v.UUID, At: s.state.Now(), MaxLives: catalog.Unlimited, MaxUser: catalog.Unlimited,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.lives.set(v, broadcast.Running, session)
	return session
}

// replay ends a live with a recording of a minute and a half.
func (s *stand) replay(v catalog.Video, session catalog.Session) {
	s.t.Helper()
	s.state.Advance(90 * time.Second)
	_, err := s.catalog.EndSession(s.t.Context(), catalog.EndSession{UUID: session.UUID, At: s.state.Now(), Recording: &catalog.Recording{
		Session: session.UUID, Duration: 90 * time.Second, Bytes: 12_345_678, Width: 1280, Height: 720, Rate: 25, HasVideo: true, HasAudio: true,
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.lives.set(v, broadcast.Ended, session)
}
