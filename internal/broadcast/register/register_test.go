package register

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"shoal/cluster/fsm/fsmtest"
	"shoal/internal/broadcast"
	"shoal/internal/catalog"
)

var at = time.Date(2030, 5, 1, 20, 0, 0, 0, time.UTC)

// house is a register on a catalog with one user.
type house struct {
	*testing.T
	*Register
	cat       *catalog.Catalog
	user      catalog.User
	channel   int64
	discarded []string
}

func newHouse(t *testing.T) *house {
	s := fsmtest.New(t, catalog.Register)
	h := &house{T: t, cat: catalog.New(s, s)}
	h.Register = New(h.cat, func(session string) { h.discarded = append(h.discarded, session) })
	var err error
	h.user, err = h.cat.CreateUser(t.Context(), catalog.NewUser{Name: "alice", PasswordHash: "-", Role: catalog.Ordinary, Quota: catalog.Unlimited, DailyQuota: catalog.Unlimited})
	if err != nil {
		t.Fatal(err)
	}
	channels, _, err := h.cat.Channels(t.Context(), catalog.ChannelFilter{Account: "alice", Count: 1})
	if err != nil || len(channels) != 1 {
		t.Fatal(channels, err)
	}
	h.channel = channels[0].ID
	return h
}

func (h *house) live(n catalog.NewLive) catalog.Video {
	h.Helper()
	n.ChannelID, n.Name, n.Privacy = h.channel, "An evening", catalog.Public
	v, err := h.cat.CreateLive(h.Context(), n)
	if err != nil {
		h.Fatal(err)
	}
	return v
}

func (h *house) set(change func(*catalog.Settings)) {
	h.Helper()
	s, err := h.cat.Settings(h.Context())
	if err != nil {
		h.Fatal(err)
	}
	change(&s)
	if err := h.cat.UpdateSettings(h.Context(), s); err != nil {
		h.Fatal(err)
	}
}

func (h *house) key(v catalog.Video) broadcast.Live {
	h.Helper()
	l, err := h.ByKey(h.Context(), v.Live.Key)
	if err != nil {
		h.Fatal(err)
	}
	return l
}

func (h *house) begin(l broadcast.Live) broadcast.Open {
	h.Helper()
	o, err := h.Begin(h.Context(), &l, uuid.NewString(), at)
	if err != nil {
		h.Fatal(err)
	}
	return o
}

func reason(err error) string {
	var r *broadcast.Refusal
	if errors.As(err, &r) {
		return r.Reason
	}
	return ""
}

func TestWhatALiveMay(t *testing.T) {
	h := newHouse(t)
	h.set(func(s *catalog.Settings) {
		s.Live.MaxDuration, s.Live.MaxBitRate, s.Replays.DVR = time.Hour, 6_000_000, 20*time.Minute
	})
	v := h.live(catalog.NewLive{SaveReplay: true, Takeover: catalog.NewestWins})
	l := h.key(v)
	want := broadcast.Live{
		ID: v.LiveID(), Name: "An evening", Owner: h.user.ID, NewestWins: true, Record: true,
		Limits: broadcast.Limits{Duration: time.Hour, BitRate: 6_000_000},
	}
	if l != want {
		t.Errorf("got %+v, want %+v", l, want)
	}
	if l := h.key(h.live(catalog.NewLive{})); !l.Record || l.Keep != 20*time.Minute {
		t.Errorf("without a replay: %+v", l)
	}
	h.set(func(s *catalog.Settings) { s.Replays.DVR = 0 })
	if l := h.key(h.live(catalog.NewLive{})); l.Record {
		t.Errorf("with nothing to keep: %+v", l)
	}
	h.set(func(s *catalog.Settings) { s.Replays.Allowed = false })
	if l := h.key(v); l.Record {
		t.Errorf("without replays: %+v", l)
	}
}

func TestRefusedKeys(t *testing.T) {
	h := newHouse(t)
	if _, err := h.ByKey(t.Context(), "nobody's"); !errors.Is(err, broadcast.ErrUnknownKey) {
		t.Errorf("an unknown key: %v", err)
	}
	v := h.live(catalog.NewLive{SaveReplay: true})
	o := h.begin(h.key(v))
	if err := h.End(t.Context(), o.Session, broadcast.Outcome{At: at.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ByKey(t.Context(), v.Live.Key); reason(err) != "ended" && !errors.Is(err, broadcast.ErrUnknownKey) {
		t.Errorf("a live that is over: %v", err)
	}
	other := h.live(catalog.NewLive{})
	h.set(func(s *catalog.Settings) { s.Live.Enabled = false })
	if _, err := h.ByKey(t.Context(), other.Live.Key); reason(err) != "disabled" {
		t.Errorf("lives are off: %v", err)
	}
	h.set(func(s *catalog.Settings) { s.Live.Enabled = true })
	blocked := true
	if _, err := h.cat.UpdateUser(t.Context(), h.user.ID, catalog.UserChange{Blocked: &blocked}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ByKey(t.Context(), other.Live.Key); reason(err) != "blocked" {
		t.Errorf("a blocked owner: %v", err)
	}
}

func TestLimitOfLives(t *testing.T) {
	h := newHouse(t)
	h.set(func(s *catalog.Settings) { s.Live.MaxLives = 1 })
	first := h.begin(h.key(h.live(catalog.NewLive{})))
	second := h.key(h.live(catalog.NewLive{}))
	if _, err := h.Begin(t.Context(), &second, uuid.NewString(), at); reason(err) != "limit_lives" {
		t.Errorf("one too many: %v", err)
	}
	free := second
	free.Free = true
	o := h.begin(free)
	for _, session := range []string{o.Session, first.Session} {
		if err := h.End(t.Context(), session, broadcast.Outcome{At: at}); err != nil {
			t.Fatal(err)
		}
	}
	h.begin(h.key(h.live(catalog.NewLive{})))
}

func TestBroadcast(t *testing.T) {
	h := newHouse(t)
	v := h.live(catalog.NewLive{SaveReplay: true, Permanent: true})
	l := h.key(v)
	o := h.begin(l)
	if again := h.begin(l); again.Session != o.Session || !again.Start.Equal(o.Start) {
		t.Errorf("a second beginning: %+v after %+v", again, o)
	}
	left, err := h.Left(t.Context())
	if err != nil || len(left) != 1 || left[0].Session != o.Session || left[0].Live != l {
		t.Fatalf("left open: %+v, %v", left, err)
	}
	end := broadcast.Outcome{At: at.Add(time.Minute), Recorded: &broadcast.Recorded{
		Duration: time.Minute, Bytes: 1000, Width: 640, Height: 360, FrameRate: 25, Video: true, Audio: true, Lost: 3 * time.Second,
	}}
	for range 2 { // the answer to the first may have been lost
		if err := h.End(t.Context(), o.Session, end); err != nil {
			t.Fatal(err)
		}
	}
	s, err := h.cat.Session(t.Context(), o.Session)
	if err != nil || s.Replay == "" || s.Replay == v.UUID || s.Error == "" {
		t.Fatalf("session: %+v, %v", s, err)
	}
	replay, err := h.cat.Video(t.Context(), s.Replay)
	if err != nil || len(replay.Recordings) != 1 || replay.Recordings[0].Session != o.Session || replay.Duration != time.Minute {
		t.Errorf("replay: %+v, %v", replay, err)
	}
	if len(h.discarded) != 0 {
		t.Errorf("discarded: %v", h.discarded)
	}
	if left, err := h.Left(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("left open: %+v, %v", left, err)
	}
}

func TestReplaysThatAreNotAllowed(t *testing.T) {
	h := newHouse(t)
	promised := h.begin(h.key(h.live(catalog.NewLive{SaveReplay: true, Permanent: true})))
	h.set(func(s *catalog.Settings) { s.Replays.Allowed = false })
	late := h.begin(h.key(h.live(catalog.NewLive{SaveReplay: true, Permanent: true})))
	if late.Live.Keep == 0 {
		t.Errorf("everything is kept of a broadcast without a replay: %+v", late.Live)
	}
	left, err := h.Left(t.Context())
	if err != nil || len(left) != 2 {
		t.Fatal(left, err)
	}
	for _, o := range left {
		if wanted := o.Session == promised.Session; (o.Live.Keep == 0) != wanted {
			t.Errorf("promised %v: %+v", wanted, o.Live)
		}
	}
	for _, o := range left {
		if err := h.End(t.Context(), o.Session, broadcast.Outcome{At: at, Recorded: &broadcast.Recorded{Duration: time.Minute, Bytes: 1, Video: true}}); err != nil {
			t.Fatal(err)
		}
		s, err := h.cat.Session(t.Context(), o.Session)
		if err != nil || (s.Replay != "") != (o.Session == promised.Session) {
			t.Errorf("session: %+v, %v", s, err)
		}
	}
}

func TestRecordingsThatNobodyNeeds(t *testing.T) {
	h := newHouse(t)
	unwanted := h.begin(h.key(h.live(catalog.NewLive{Permanent: true})))
	empty := h.begin(h.key(h.live(catalog.NewLive{SaveReplay: true})))
	unknown := uuid.NewString() // of a user who was deleted
	recorded := &broadcast.Recorded{Duration: time.Minute, Bytes: 1000, Video: true}
	unread := h.begin(h.key(h.live(catalog.NewLive{SaveReplay: true})))
	if err := h.End(t.Context(), unread.Session, broadcast.Outcome{At: at.Add(time.Minute), Error: "the card has stumbled"}); err != nil {
		t.Fatal(err)
	}
	for _, o := range []struct {
		session  string
		recorded *broadcast.Recorded
	}{{unwanted.Session, recorded}, {empty.Session, nil}, {unknown, recorded}} {
		if err := h.End(t.Context(), o.session, broadcast.Outcome{At: at.Add(time.Minute), Recorded: o.recorded}); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{unwanted.Session, empty.Session, unknown}; !slices.Equal(h.discarded, want) {
		t.Errorf("discarded %v, want %v", h.discarded, want)
	}
}
