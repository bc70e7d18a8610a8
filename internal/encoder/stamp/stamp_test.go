package stamp

import (
	"bytes"
	"testing"
	"time"
)

func TestScan(t *testing.T) {
	sent := time.Date(2026, 5, 4, 3, 2, 1, 987_654_000, time.UTC)
	video := Mark{Kind: Video, Sent: sent, Seq: 77}
	audio := Mark{Kind: Audio, Sent: sent.Add(time.Microsecond), Seq: 1<<32 - 1}
	type hit struct {
		off int
		m   Mark
	}
	tests := []struct {
		name string
		in   []byte
		want []hit
	}{
		{"nothing", nil, nil},
		{"noise", bytes.Repeat([]byte{0xaa}, 500), nil},
		{"SEI", video.AppendSEI(nil), []hit{{3, video}}},
		{"DSE behind bytes", audio.AppendDSE([]byte{1, 2}), []hit{{4, audio}}},
		{"both", audio.AppendDSE(video.AppendSEI(nil)), []hit{{3, video}, {SEILen + 2, audio}}},
		{"cut short", video.Append(nil)[:Len-1], nil},
		{"tag alone before a mark", video.Append([]byte(tag)), []hit{{len(tag), video}}},
		{"other kind", append([]byte(tag), bytes.Repeat([]byte{'x'}, Len-len(tag))...), nil},
		{"group without its bit", append(video.Append(nil)[:Len-1], 0x10), nil},
		{"number above 32 bits", append(video.Append(nil)[:Len-seqLen], 0xff, 0xff, 0xff, 0xff, 0xff), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []hit
			Scan(tt.in, func(off int, m Mark) { got = append(got, hit{off, m}) })
			if len(got) != len(tt.want) {
				t.Fatalf("found %v, want %v", got, tt.want)
			}
			for i, w := range tt.want {
				if got[i].off != w.off || got[i].m.Kind != w.m.Kind || !got[i].m.Sent.Equal(w.m.Sent) || got[i].m.Seq != w.m.Seq {
					t.Errorf("mark %d is %+v at %d, want %+v at %d", i, got[i].m, got[i].off, w.m, w.off)
				}
			}
		})
	}
}

func TestLengthsAndNonZeroBytes(t *testing.T) {
	m := Mark{Kind: Video, Sent: time.UnixMicro(0)}
	for name, c := range map[string]struct {
		b    []byte
		want int
	}{"mark": {m.Append(nil), Len}, "SEI": {m.AppendSEI(nil), SEILen}, "DSE": {m.AppendDSE(nil), DSELen}} {
		if len(c.b) != c.want {
			t.Errorf("%s has %d bytes, want %d", name, len(c.b), c.want)
		}
		if bytes.IndexByte(c.b, 0) >= 0 {
			t.Errorf("%s has a zero byte: %x", name, c.b)
		}
	}
}

func FuzzScan(f *testing.F) {
	m := Mark{Kind: Audio, Sent: time.UnixMicro(1_763_900_000_123_456), Seq: 5}
	f.Add(m.AppendSEI([]byte("head")))
	f.Add(m.AppendDSE(m.Append(nil)[:20]))
	f.Add([]byte(tag))
	f.Fuzz(func(t *testing.T, b []byte) {
		last := -1
		Scan(b, func(off int, m Mark) {
			if off <= last || off+Len > len(b) {
				t.Fatalf("mark at %d of %d bytes, after one at %d", off, len(b), last)
			}
			last = off
			if !bytes.Equal(m.Append(nil), b[off:off+Len]) {
				t.Fatalf("%+v is not what stands at %d: %x", m, off, b[off:off+Len])
			}
		})
	})
}

func BenchmarkScan(b *testing.B) {
	part := bytes.Repeat([]byte{0x5a, 0x13, 0x77, 0x00}, 16<<10)
	copy(part[40_000:], Mark{Kind: Video, Sent: time.UnixMicro(1)}.Append(nil))
	b.SetBytes(int64(len(part)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		Scan(part, func(int, Mark) { n++ })
	}
	if n == 0 {
		b.Fatal("the mark was not found")
	}
}
