package recording

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shoal/internal/media"
)

func FuzzParseName(f *testing.F) {
	for _, s := range []string{"main-7-init0", "main-7.2.pi-3.local-init1.9", "audio-7-init12.3", "", "main-7-init0.01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := ParseName(s); ok && n.String() != s {
			t.Errorf("%q is read as %+v and written %q", s, n, n.String())
		}
	})
}

func FuzzHeader(f *testing.F) {
	k := take{epoch: 7, avcC: avcC180, aac: aac48, first: 1, segments: 1}
	run := RunOf(media.Main, k.cut(f)[0])
	good, err := appendHeader(nil, &run)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good[headerTop : headerTop+binary.LittleEndian.Uint32(good[8:])])
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		// The checksum would keep everything out.
		b := append([]byte(magic), make([]byte, headerSize-8)...)
		binary.LittleEndian.PutUint32(b[8:], uint32(len(text)))
		copy(b[headerTop:], text)
		binary.LittleEndian.PutUint32(b[12:], crc32.Checksum(text, castagnoli))
		run, err := parseHeader(b, Name{Rendition: media.Main, Epoch: media.Epoch{N: 7}})
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("not said to be damage: %v", err)
			}
			return
		}
		if run.Name != "main-7-init0" || run.check() != nil {
			t.Errorf("read as %+v", run)
		}
	})
}

// FuzzChunk puts chunks that hold anything into a download.
func FuzzChunk(f *testing.F) {
	f.Add(moof(1, 2, 3, 4, 1024, 0x02000000, 0, 10), uint32(90000), uint32(90000), int64(0))
	f.Add(moof(9, 1, 1<<40, 1, 3600, 0x01010000, -3600, 10), uint32(90000), uint32(90000), int64(77))
	f.Add(append(moof(9, 1, 1<<40, 3, 1024, 0x02000000, 512, 10), moof(1, 2, 3, 4, 1024, 0x02000000, 0, 10)...), uint32(44100), uint32(48000), int64(77))
	f.Fuzz(func(t *testing.T, b []byte, from, to uint32, shift int64) {
		if from == 0 || to == 0 || shift < 0 || shift > 1<<60 {
			return
		}
		s := &scanner{f: bytes.NewReader(b)}
		e := entry{Segment: Segment{Size: int64(len(b))}, own: tally{filled: 1}}
		for at := int64(0); at < e.end(); {
			c, err := s.chunk(at, e.end())
			if err != nil {
				if !errors.Is(err, ErrDamaged) {
					t.Errorf("not said to be damage: %v", err)
				}
				return
			}
			e.own = e.own.plus(tally{payload: c.payload, samples: int64(c.samples), chunks: 1})
			if c.track == 1 && c.independent {
				e.own.keys++
			}
			at += c.size
		}
		p := &piece{seq: 1, shift: time.Duration(shift), sets: []byte("sets"), places: []trackPlace{
			{id: 1, track: &outTrack{id: 7, handler: video, timescale: to}, description: 2, timescale: from},
			{id: 2, track: &outTrack{id: 8, timescale: to}, description: 1, timescale: from},
		}}
		var a assembly
		if err := a.read(s, p, &e); err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("not said to be damage: %v", err)
			}
			return
		}
		if a.size != p.bytes(e.own) {
			t.Errorf("%d bytes, said to be %d", a.size, p.bytes(e.own))
		}
		top, err := boxes(a.head[:len(a.head)-boxHeader])
		if err != nil || len(top) != 1 || top[0].name != "moof" {
			t.Fatalf("%v, %v", top, err)
		}
		if _, err := boxes(top[0].body()); err != nil {
			t.Error(err)
		}
	})
}

func FuzzInit(f *testing.F) {
	k := take{epoch: 7, avcC: avcC180, aac: aac48, first: 1, segments: 1}
	init := k.init(f)
	f.Add(init.Data[media.Main])
	f.Add(init.Data[media.AudioOnly])
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := parseInit(b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("not said to be damage: %v", err)
			}
			return
		}
		var m movie
		if _, err := m.take(i); err != nil {
			return
		}
		head, err := m.header(time.Hour)
		if err != nil {
			return
		}
		if _, err := parseInit(head); err != nil {
			t.Errorf("the header of a download cannot be read: %v", err)
		}
	})
}

// FuzzRepair has files that hold anything.
func FuzzRepair(f *testing.F) {
	r, _ := record(f, take{epoch: 7, aac: aac48, first: 1, segments: 2})
	file, index := read(f, r.Dir(), "main-7-init0.mp4"), read(f, r.Dir(), "main-7-init0.idx")
	f.Add(file, index)
	f.Add(file[:len(file)/2], index[:headerSize])
	f.Add([]byte{}, index)
	f.Fuzz(func(t *testing.T, file, index []byte) {
		dir := tempDir(t)
		save(t, filepath.Join(dir, "main-7-init0.mp4"), file)
		// Valid checksums, whatever the entries say.
		index = bytes.Clone(index)
		for n := 0; headerSize+(n+1)*entrySize <= len(index); n++ {
			b := index[headerSize+n*entrySize:]
			binary.LittleEndian.PutUint32(b[entryCRC:], checksum(b, n))
		}
		save(t, filepath.Join(dir, "main-7-init0.idx"), index)
		readAll := func() error {
			r, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			r.Summary()
			for _, run := range r.Runs(media.Main) {
				if _, err := r.Segments(run, 0, 1<<20); err != nil && !errors.Is(err, ErrDamaged) {
					t.Errorf("not said to be damage: %v", err)
				}
				r.Find(media.Main, run.Epoch, 2)
			}
			m, err := r.MP4(media.Main)
			if err != nil || m.Size() > 64<<20 {
				return nil
			}
			reader := m.Open()
			defer reader.Close()
			_, err = io.Copy(io.Discard, reader)
			return err
		}
		if err := readAll(); err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("not said to be damage: %v", err)
		}
		report, err := Repair(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Damaged) == 0 && len(report.Removed) == 0 {
			if info, err := os.Stat(filepath.Join(dir, "main-7-init0.mp4")); err != nil || info.Size() > int64(len(file)) {
				t.Errorf("repaired to more than there was: %v", err)
			}
			if again, err := Repair(dir); err != nil || !again.Clean() {
				t.Errorf("repaired again: %+v, %v", again, err)
			}
		}
		if err := readAll(); err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("after the repair: %v", err)
		}
	})
}
