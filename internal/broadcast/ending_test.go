package broadcast

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"shoal/internal/media"
)

func TestOneBroadcastOverALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		s := f.publish()
		first, _ := f.lives.Get(id)
		if !first.Recording.On || first.Recording.Bytes != 7 {
			t.Errorf("recording: %+v", first.Recording)
		}
		s.Close(Lost)
		time.Sleep(30 * time.Second)
		s = f.publish()
		if again, _ := f.lives.Get(id); again.Session != first.Session || !again.Started.Equal(first.Started) {
			t.Error("the return began another broadcast")
		}
		s.Close(Goodbye)
		f.want(Ended, true)
		if len(f.recorder.began) != 1 || f.recorder.finished != 1 || len(f.book.ended) != 1 {
			t.Errorf("recordings %v, finished %d, ends %d", f.recorder.began, f.recorder.finished, len(f.book.ended))
		}
		if o := f.book.ended[0]; o.Recorded == nil || o.Recorded.Duration != time.Minute || o.Error != "" {
			t.Errorf("outcome: %+v", o)
		}
		s = f.publish()
		if next, _ := f.lives.Get(id); next.Session == first.Session {
			t.Error("a new broadcast has the old one's name")
		}
		if from := f.recorder.began[1]; from != 2 {
			t.Errorf("the second recording begins at %d, which belongs to the first", from)
		}
		s.Close(Lost)
		f.close()
	})
}

func TestBroadcastGoesOnAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		s := f.publish()
		before, _ := f.lives.Get(id)
		f.close()
		s.Close(Lost)
		if f.recorder.finished != 1 || len(f.book.ended) != 0 {
			t.Errorf("the stop finished %d recordings and ended %d broadcasts", f.recorder.finished, len(f.book.ended))
		}

		f = openFixture(t, f.book)
		if err := f.lives.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.want(Interrupted, false)
		time.Sleep(50 * time.Second)
		s = f.publish()
		if after, _ := f.lives.Get(id); after.Session != before.Session {
			t.Error("the encoder's return began another broadcast")
		}
		s.Close(Goodbye)
		f.want(Ended, true)
		f.close()
		if len(f.book.ended) != 1 || f.recorder.recovered != 0 {
			t.Errorf("ends: %d, recovered: %d", len(f.book.ended), f.recorder.recovered)
		}
	})
}

func TestBroadcastThatNobodyComesBackTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.publish()
		f.close()
		f = openFixture(t, f.book)
		if err := f.lives.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(61 * time.Second)
		f.want(Ended, false)
		if len(f.book.ended) != 1 || f.recorder.recovered != 1 {
			t.Errorf("ends: %d, recovered: %d", len(f.book.ended), f.recorder.recovered)
		}
		f.close()
	})
}

func TestEndIsWrittenUntilItHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.book.fail = 5
		f.publish().Close(Goodbye)
		time.Sleep(10 * time.Second)
		f.want(Ended, true)
		if len(f.book.ended) != 1 {
			t.Errorf("ends: %d", len(f.book.ended))
		}
		f.close()

		f = newFixture(t)
		f.book.fail = 1 << 30
		f.publish().Close(Goodbye)
		time.Sleep(10 * time.Second)
		f.lives.giveUp() // as Close does when its time is up
		f.close()
		if len(f.book.open) != 1 {
			t.Error("the end is not left for the next start")
		}
	})
}

func TestOrganizerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		if err := f.lives.End(t.Context(), id); !errors.Is(err, ErrNotRunning) {
			t.Errorf("before the start: %v", err)
		}
		s := f.publish()
		go func() {
			<-s.Done()
			s.Close(Lost)
		}()
		if err := f.lives.End(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		f.want(Ended, true)
		if len(f.book.ended) != 1 {
			t.Errorf("ends: %d", len(f.book.ended))
		}
		if err := f.lives.End(t.Context(), id); !errors.Is(err, ErrNotRunning) {
			t.Errorf("twice: %v", err)
		}
		f.close()
	})
}

func TestLongestBroadcast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.book.live.Limits.Duration = time.Hour
		s := f.publish()
		s.Close(Lost)
		time.Sleep(59*time.Minute - 30*time.Second)
		s = f.publish() // the grace period is over: another broadcast
		time.Sleep(59 * time.Minute)
		f.want(Running, false)
		time.Sleep(2 * time.Minute)
		<-s.Done()
		s.Close(Lost)
		f.want(Ended, true)
		f.close()
	})
}

func TestBitRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.book.live.Limits.BitRate = 8000 // 1,000 bytes/s
		s := f.publish()
		time.Sleep(meterSpan)
		feed := func(n int) error { return s.Unit(media.Unit{Payload: make([]byte, n)}) }
		for range 10 { // a burst of ten seconds' worth is fine
			if err := feed(1000); err != nil {
				t.Fatal(err)
			}
		}
		if err := feed(1); !errors.Is(err, ErrBitRate) {
			t.Errorf("over the limit: %v", err)
		}
		time.Sleep(meterSpan)
		if err := feed(1000); err != nil {
			t.Errorf("afterwards: %v", err)
		}
		s.Close(Goodbye)
		f.close()
	})
}

func TestNewestWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.book.live.NewestWins = true
		old := f.publish()
		s := f.publish()
		<-old.Done()
		old.Close(Lost)
		f.want(Running, false)
		s.Close(Goodbye)
		f.close()
	})
}

func TestLiveIsForgottenAfterItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.publish().Close(Goodbye)
		time.Sleep(linger - time.Second)
		f.want(Ended, true)
		f.publish().Close(Goodbye) // another broadcast keeps it
		time.Sleep(linger - time.Second)
		f.want(Ended, true)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if _, ok := f.lives.Get(id); ok || len(f.hub.Streams()) != 0 {
			t.Error("it is still in memory")
		}
		f.publish().Close(Goodbye)
		f.close()
	})
}

func TestExpelledEncoderMayComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		s := f.publish()
		f.lives.Expel(id)
		<-s.Done()
		s.Close(Lost)
		f.want(Interrupted, false)
		f.publish().Close(Goodbye)
		f.want(Ended, true)
		f.close()
	})
}

func TestLiveGoesOnWithoutItsRecording(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.recorder.err = errors.New("no room")
		s := f.publish()
		f.want(Running, false)
		s.Close(Goodbye)
		f.want(Ended, true)
		f.close()
	})
}

func TestEndOutlivesWhoAskedForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.book.fail = 3
		s := f.publish()
		go func() {
			<-s.Done()
			s.Close(Lost)
		}()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := f.lives.End(ctx, id); !errors.Is(err, context.Canceled) {
			t.Errorf("the caller has gone: %v", err)
		}
		time.Sleep(10 * time.Second)
		f.want(Ended, true)
		if len(f.book.ended) != 1 {
			t.Errorf("ends: %d", len(f.book.ended))
		}
		f.close()
	})
}

func TestBroadcastOfAnEncoderThatDidNotGetIn(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(*fixture)
	}{
		"the claim failed":            {func(f *fixture) { f.claims.err = errors.New("no leader") }},
		"the outcome was not known":   {func(f *fixture) { f.book.doubt = true }},
		"the key was taken back then": {func(f *fixture) { f.book.keys = 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				tc.spoil(f)
				if _, err := f.lives.Publish(t.Context(), Request{Key: "secret"}); err == nil {
					t.Fatal("it got in")
				}
				if len(f.book.open) != 1 {
					t.Fatalf("%d broadcasts are open", len(f.book.open))
				}
				time.Sleep(doubt + time.Second)
				f.want(Interrupted, false)
				time.Sleep(61 * time.Second)
				f.want(Ended, false)
				if len(f.book.open) != 0 || len(f.book.ended) != 1 {
					t.Errorf("open: %d, ended: %d", len(f.book.open), len(f.book.ended))
				}
				f.close()
			})
		})
	}
}

func TestRecordingThatCannotBeRead(t *testing.T) {
	for _, tc := range []struct {
		fails int
		kept  bool // told, with what went wrong
	}{{3, false}, {1 << 30, true}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(t)
			f.publish()
			f.close()
			f = openFixture(t, f.book)
			f.recorder.lost = tc.fails
			if err := f.lives.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Minute)
			synctest.Wait()
			if len(f.book.ended) != 1 {
				t.Fatalf("ends: %d", len(f.book.ended))
			}
			if o := f.book.ended[0]; (o.Recorded == nil) != tc.kept || (o.Error != "") != tc.kept {
				t.Errorf("after %d failures: %+v", tc.fails, o)
			}
			f.close()
		})
	}
}

func TestWhatIsRecordedIsDecidedAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.book.decide = func(l *Live) { l.Record = false }
		f.publish().Close(Lost)
		time.Sleep(time.Second)
		f.publish().Close(Goodbye)
		f.want(Ended, true)
		if len(f.recorder.began) != 0 {
			t.Errorf("recordings: %v", f.recorder.began)
		}
		f.close()
	})
}
