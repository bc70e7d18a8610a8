package recording

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"

	"shoal/internal/media"
)

// whole reads a download from its start to its end.
func whole(t testing.TB, m *MP4) []byte {
	t.Helper()
	r := m.Open()
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(b)) != m.Size() {
		t.Fatalf("%d bytes, said to be %d", len(b), m.Size())
	}
	return b
}

// sample is one sample of a download, as another reader finds it.
type sample struct {
	dts, duration int64
	offset        int32
	payload       []byte
}

// samples reads a download with mp4ff, and looks at its numbers on the way.
func samples(t *testing.T, b []byte) (*mp4.File, map[uint32][]sample) {
	t.Helper()
	file, err := mp4.DecodeFile(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	trex := map[uint32]*mp4.TrexBox{}
	for _, x := range file.Init.Moov.Mvex.Trexs {
		trex[x.TrackID] = x
	}
	all := map[uint32][]sample{}
	var seq uint32
	for _, s := range file.Segments {
		for _, f := range s.Fragments {
			if seq++; f.Moof.Mfhd.SequenceNumber != seq {
				t.Fatalf("fragment %d has the sequence number %d", seq, f.Moof.Mfhd.SequenceNumber)
			}
			for _, traf := range f.Moof.Trafs {
				id := traf.Tfhd.TrackID
				full, err := f.GetFullSamples(trex[id])
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range full {
					all[id] = append(all[id], sample{int64(s.DecodeTime), int64(s.Dur), s.CompositionTimeOffset, s.Data})
				}
			}
		}
	}
	return file, all
}

// payloads are those of the chunks of a track, by what was served. Where parameters change, keyframes carry theirs.
func payloads(t *testing.T, takes []take, all [][]*media.Segment, track uint32) []byte {
	var b []byte
	avcC := map[string]bool{}
	for _, k := range takes {
		if k.avcC != "" {
			avcC[k.avcC] = true
		}
	}
	for n, take := range all {
		var sets []byte
		if len(avcC) > 1 {
			record := unhex(t, takes[n].avcC)
			sps := 2 + int(binary.BigEndian.Uint16(record[6:]))
			sets = append([]byte{0, 0}, record[6:6+sps]...)
			sets = append(append(sets, 0, 0), record[6+sps+1:]...)
			sets = sets[:2+sps+2+2+int(binary.BigEndian.Uint16(record[6+sps+1:]))]
		}
		for _, s := range take {
			for _, p := range s.Parts {
				for _, c := range p.Chunks {
					if c.Track == track {
						if track == 1 && c.Independent {
							b = append(b, sets...)
						}
						b = append(b, c.Data[binary.BigEndian.Uint32(c.Data)+8:]...)
					}
				}
			}
		}
	}
	return b
}

func TestMP4(t *testing.T) {
	tests := []struct {
		name    string
		takes   []take
		entries map[uint32]int // sample entries by track
		hole    time.Duration  // the longest that may be between two samples of a track
	}{
		{"one run", []take{{epoch: 1, avcC: avcC180, aac: aac48, first: 1, segments: 4}}, map[uint32]int{1: 1, 2: 1}, 0},
		{"a clock that began long ago", []take{{epoch: 1, avcC: avcC180, aac: aac48, first: 1, segments: 2, start: 50 * time.Hour}}, map[uint32]int{1: 1, 2: 1}, 0},
		{"audio begins earlier", []take{{epoch: 1, avcC: avcC180, aac: aac48, first: 1, segments: 2, start: time.Second, audioAhead: -300 * time.Millisecond}}, map[uint32]int{1: 1, 2: 1}, 0},
		{"the encoder came back", []take{
			{epoch: 1, avcC: avcC180, aac: aac48, first: 1, segments: 2},
			{epoch: 2, avcC: avcC180, aac: aac48, first: 3, segments: 2},
			{epoch: 2, index: 1, avcC: avcC180, aac: aac48, first: 5, segments: 2, start: time.Hour},
		}, map[uint32]int{1: 1, 2: 1}, 90 * time.Millisecond},
		{"another resolution", []take{
			{epoch: 1, avcC: avcC180, aac: aac48, first: 1, segments: 2, audioLonger: 5},
			{epoch: 2, avcC: avcC360, aac: aac48, first: 3, segments: 2},
			{epoch: 3, avcC: avcC180, aac: aac48, first: 5, segments: 2},
		}, map[uint32]int{1: 2, 2: 1}, 500 * time.Millisecond},
		{"another sample rate", []take{
			{epoch: 1, avcC: avcC180, aac: aac48, first: 1, segments: 2},
			{epoch: 2, avcC: avcC180, aac: aac44, first: 3, segments: 2},
		}, map[uint32]int{1: 1, 2: 2}, 100 * time.Millisecond},
		{"video comes later", []take{
			{epoch: 1, aac: aac48, first: 1, segments: 2},
			{epoch: 1, index: 1, avcC: avcC180, aac: aac48, first: 3, segments: 2, start: 4096 * time.Millisecond},
		}, map[uint32]int{1: 1, 2: 1}, 100 * time.Millisecond},
		{"audio goes away", []take{
			{epoch: 1, avcC: avcC180, aac: aac48, first: 1, segments: 2},
			{epoch: 2, avcC: avcC180, first: 3, segments: 2},
		}, map[uint32]int{1: 1, 2: 1}, 100 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, all := record(t, tt.takes...)
			m, err := r.MP4(media.Main)
			if err != nil {
				t.Fatal(err)
			}
			b := whole(t, m)
			file, got := samples(t, b)
			total := time.Duration(0)
			for _, trak := range file.Init.Moov.Traks {
				id, scale := trak.Tkhd.TrackID, trak.Mdia.Mdhd.Timescale
				if n := len(trak.Mdia.Minf.Stbl.Stsd.Children); n != tt.entries[id] {
					t.Errorf("track %d has %d sample entries, want %d", id, n, tt.entries[id])
				}
				kind := uint32(1)
				if trak.Mdia.Hdlr.HandlerType == "soun" {
					kind = 2
				}
				var payload []byte
				var end int64
				for n, s := range got[id] {
					hole := media.Ticks(s.dts-end, scale)
					if n > 0 && (s.dts < end || hole > tt.hole) {
						t.Errorf("track %d, sample %d: it begins at %d, the one before ended at %d", id, n, s.dts, end)
					}
					end = s.dts + s.duration
					payload = append(payload, s.payload...)
				}
				total = max(total, media.Ticks(end, scale))
				if !bytes.Equal(payload, payloads(t, tt.takes, all, kind)) {
					t.Errorf("track %d has other samples than were served", id)
				}
			}
			if d := m.Duration() - total; d < -time.Millisecond || d > time.Millisecond {
				t.Errorf("it lasts %v, said to be %v", total, m.Duration())
			}
			if got := media.Ticks(file.Init.Moov.Mvex.Mehd.FragmentDuration, file.Init.Moov.Mvhd.Timescale); got < m.Duration() || got > m.Duration()+time.Millisecond {
				t.Errorf("mehd says %v, not %v", got, m.Duration())
			}
			looksThrough(t, b, file, m)
			inSync(t, file, got, all)
		})
	}
}

// looksThrough holds sidx against the file: its references lie side by side up to the end, each begins with a moof, and
// their times add up.
func looksThrough(t *testing.T, b []byte, file *mp4.File, m *MP4) {
	t.Helper()
	if len(file.Sidxs) != len(file.Init.Moov.Traks) {
		t.Fatalf("%d sidx boxes for %d tracks", len(file.Sidxs), len(file.Init.Moov.Traks))
	}
	at := int64(bytes.Index(b, []byte("sidx"))) - 4
	for n, x := range file.Sidxs {
		if x.ReferenceID != file.Init.Moov.Traks[n].Tkhd.TrackID || x.Timescale != file.Init.Moov.Traks[n].Mdia.Mdhd.Timescale {
			t.Errorf("sidx %d is of track %d, with the timescale %d", n, x.ReferenceID, x.Timescale)
		}
		at += int64(x.Size())
		to := at + int64(x.FirstOffset)
		var ticks uint64
		for n, ref := range x.SidxRefs {
			if string(b[to+4:to+8]) != "moof" {
				t.Fatalf("reference %d is to byte %d, where no moof is", n, to)
			}
			if ref.StartsWithSAP != 1 {
				t.Errorf("reference %d does not start with a point of access", n)
			}
			to += int64(ref.ReferencedSize)
			ticks += uint64(ref.SubSegmentDuration)
		}
		if to != int64(len(b)) {
			t.Errorf("the references end at %d of %d bytes", to, len(b))
		}
		total := media.Ticks(int64(x.EarliestPresentationTime+ticks), x.Timescale)
		if d := total - m.Duration(); d < -time.Millisecond || d > time.Millisecond {
			t.Errorf("sidx lasts %v, the file %v", total, m.Duration())
		}
	}
}

// inSync holds the distance of video and audio in each take against what it was.
func inSync(t *testing.T, file *mp4.File, got map[uint32][]sample, all [][]*media.Segment) {
	t.Helper()
	scale := map[string]uint32{}
	byKind := map[string][]sample{}
	for _, trak := range file.Init.Moov.Traks {
		kind := trak.Mdia.Hdlr.HandlerType
		scale[kind], byKind[kind] = trak.Mdia.Mdhd.Timescale, got[trak.Tkhd.TrackID]
	}
	video, audio := 0, 0
	for n, take := range all {
		var v, a *media.Chunk
		var frames, sounds int
		for _, s := range take {
			for _, p := range s.Parts {
				for _, c := range p.Chunks {
					switch {
					case c.Track == 1:
						if frames++; v == nil {
							v = c
						}
					case c.Track == 2:
						if sounds += 4; a == nil {
							a = c
						}
					}
				}
			}
		}
		if v != nil && a != nil {
			was := v.Start() - a.Start()
			is := media.Ticks(byKind["vide"][video].dts, scale["vide"]) - media.Ticks(byKind["soun"][audio].dts, scale["soun"])
			if d := is - was; d < -50*time.Microsecond || d > 50*time.Microsecond {
				t.Errorf("take %d: audio and video were %v apart, and are %v", n, was, is)
			}
		}
		video, audio = video+frames, audio+sounds
	}
}

// TestReader reads in all the ways in which one can read.
func TestReader(t *testing.T) {
	r, _ := record(t,
		take{epoch: 1, avcC: avcC180, aac: aac48, first: 1, segments: 2},
		take{epoch: 2, avcC: avcC360, aac: aac48, first: 3, segments: 2},
	)
	m, err := r.MP4(media.Main)
	if err != nil {
		t.Fatal(err)
	}
	want := whole(t, m)
	reader := m.Open()
	defer reader.Close()
	if err := iotest.TestReader(reader, want); err != nil {
		t.Error(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		at := random.Int64N(m.Size())
		n := 1 + random.IntN(5000)
		if _, err := reader.Seek(at, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, n)
		k, err := io.ReadFull(reader, got)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
		if rest := want[at:min(at+int64(n), m.Size())]; !bytes.Equal(got[:k], rest) {
			t.Fatalf("%d bytes from %d: %d other ones", n, at, k)
		}
	}
	for _, tt := range []struct {
		offset int64
		whence int
	}{{-1, io.SeekStart}, {-m.Size() - 1, io.SeekEnd}, {0, 3}} {
		if _, err := reader.Seek(tt.offset, tt.whence); err == nil {
			t.Errorf("a seek to %d by %d went well", tt.offset, tt.whence)
		}
	}
}

// TestPieces records on in a second piece under the same init: without a hole nothing is moved.
func TestPieces(t *testing.T) {
	dir := t.TempDir()
	k := take{epoch: 1, avcC: avcC180, aac: aac48, first: 1, segments: 4}
	all := k.cut(t)
	write(t, dir, media.Main, all[:2])
	write(t, dir, media.Main, all[2:]) // its first segment does not say that it is a discontinuity
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.MP4(media.Main)
	if err != nil {
		t.Fatal(err)
	}
	file, got := samples(t, whole(t, m))
	for id, list := range got {
		for n := 1; n < len(list); n++ {
			if end := list[n-1].dts + list[n-1].duration; list[n].dts != end {
				t.Errorf("track %d, sample %d begins at %d, the one before ended at %d", id, n, list[n].dts, end)
			}
		}
	}
	looksThrough(t, whole(t, m), file, m)
}

// TestManySegments has more segments than a sidx may have references.
func TestManySegments(t *testing.T) {
	r, all := record(t,
		take{epoch: 1, avcC: avcC180, aac: aac48, first: 1, segments: 22},
		take{epoch: 2, avcC: avcC180, aac: aac48, first: 23, segments: 5},
	)
	m, err := r.mp4(media.Main, 10)
	if err != nil {
		t.Fatal(err)
	}
	b := whole(t, m)
	file, got := samples(t, b)
	if refs := len(file.Sidxs[0].SidxRefs); refs != 6+2 { // of four segments each
		t.Errorf("%d references for 22 and 5 segments", refs)
	}
	if len(got[1]) != 50*(len(all[0])+len(all[1])) {
		t.Errorf("%d pictures", len(got[1]))
	}
	looksThrough(t, b, file, m)
}

func TestMP4Refuses(t *testing.T) {
	empty, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := empty.MP4(media.Main); !errors.Is(err, ErrEmpty) {
		t.Errorf("of nothing: %v", err)
	}
	for name, damage := range map[string]func(b []byte) []byte{
		"init":  func(b []byte) []byte { b[40] ^= 0xff; return b },
		"short": func(b []byte) []byte { return b[:len(b)-1] },
		"moof":  func(b []byte) []byte { b[bytes.LastIndex(b, []byte("tfhd"))] = 'x'; return b },
		"mdat":  func(b []byte) []byte { b[bytes.LastIndex(b, []byte("mdat"))-1]++; return b },
	} {
		r, _ := record(t, take{epoch: 1, avcC: avcC180, first: 1, segments: 2})
		path := filepath.Join(r.Dir(), "main-1-init0.mp4")
		if err := os.WriteFile(path, damage(read(t, path)), 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := r.MP4(media.Main)
		if err == nil {
			reader := m.Open()
			_, err = io.Copy(io.Discard, reader)
			reader.Close()
		}
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReadsOn reads a recording that is deleted meanwhile.
func TestReadsOn(t *testing.T) {
	r, _ := record(t, take{epoch: 1, avcC: avcC180, aac: aac48, first: 1, segments: 20})
	m, err := r.MP4(media.Main)
	if err != nil {
		t.Fatal(err)
	}
	want := whole(t, m)
	reader := m.Open()
	defer reader.Close()
	first := make([]byte, len(want)/2)
	if _, err := io.ReadFull(reader, first); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(r.Dir()); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(reader)
	if err != nil || !bytes.Equal(append(first, rest...), want) {
		t.Errorf("%d bytes after the deletion, %v", len(rest), err)
	}
}

// BenchmarkDownload reads 10 minutes.
func BenchmarkDownload(b *testing.B) {
	r, _ := record(b,
		take{epoch: 1, avcC: avcC180, aac: aac48, first: 1, segments: 150},
		take{epoch: 2, avcC: avcC360, aac: aac48, first: 151, segments: 150},
	)
	m, err := r.MP4(media.Main)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(m.Size())
	b.ReportAllocs()
	buffer := make([]byte, 32<<10)
	for b.Loop() {
		reader := m.Open()
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{reader}, buffer); err != nil {
			b.Fatal(err)
		}
		reader.Close()
	}
}

func ExampleMP4() {
	r, err := Open("/var/lib/shoal/recordings/7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11")
	if err != nil {
		fmt.Println("not on this node")
		return
	}
	m, err := r.MP4(media.Main)
	if err != nil {
		return
	}
	reader := m.Open()
	defer reader.Close()
	fmt.Println(m.Size())
	// Output: not on this node
}
