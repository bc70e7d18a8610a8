package paint

import (
	"io"
	"slices"
	"testing"
	"time"
)

// TestPictures reads the numbers off the raw pictures, as the page does.
func TestPictures(t *testing.T) {
	src := &pictures{frames: 300}
	buf := make([]byte, width*height)
	seen := map[int]bool{}
	for n := range 300 {
		if _, err := io.ReadFull(src, buf); err != nil {
			t.Fatal(err)
		}
		got := 0
		for bit := range bits {
			got <<= 1
			if buf[width*block/2+bit*block+block/2] > 125 {
				got |= 1
			}
		}
		if got>>checkBits != n || got != code(n) || seen[got] {
			t.Errorf("picture %d says %d", n, got>>checkBits)
		}
		seen[got] = true
	}
	if _, err := src.Read(buf); err != io.EOF {
		t.Errorf("after the last picture: %v", err)
	}
}

// TestOneWrongBlock shows that a picture of which one block is read wrongly is not taken for another.
func TestOneWrongBlock(t *testing.T) {
	for n := range Most {
		for bit := range bits {
			wrong := code(n) ^ 1<<bit
			if code(wrong>>checkBits) == wrong {
				t.Fatalf("picture %d is read as %d", n, wrong>>checkBits)
			}
		}
	}
}

func TestSeen(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	sent := map[int]time.Time{1: at(0), 2: at(40), 3: at(80), 4: at(120)}
	s := Seen{Frames: []Frame{{1, at(500)}, {2, at(530)}, {3, at(600)}, {9, at(700)}, {4, at(2520)}}}
	want := []time.Duration{490 * time.Millisecond, 500 * time.Millisecond, 520 * time.Millisecond, 2400 * time.Millisecond}
	got := s.Delays(sent)
	if !slices.Equal(got, want) {
		t.Errorf("delays %v, want %v", got, want)
	}
	if p := Percentile(got, 50); p != want[2] {
		t.Errorf("median %v", p)
	}
	if p := Percentile(got, 100); p != want[3] {
		t.Errorf("maximum %v", p)
	}
	if p := Percentile(nil, 50); p != 0 {
		t.Errorf("of nothing: %v", p)
	}
	var course []time.Duration
	for _, d := range s.Course(sent, time.Second) {
		course = append(course, d)
	}
	if !slices.Equal(course, []time.Duration{500 * time.Millisecond, 2400 * time.Millisecond}) {
		t.Errorf("course %v", course)
	}
}
