package hlscheck

import "testing"

func nal(payload ...byte) []byte { return append([]byte{0, 0, 0, byte(len(payload))}, payload...) }

func TestAccessUnit(t *testing.T) {
	tests := map[string]struct {
		data          []byte
		idr, recovery bool
		bad           bool
	}{
		"IDR":                         {data: nal(0x65, 1, 2), idr: true},
		"not IDR":                     {data: nal(0x41, 1, 2)},
		"IDR behind SEI":              {data: append(nal(0x06, 5, 1, 0, 0x80), nal(0x65, 1)...), idr: true},
		"recovery point":              {data: append(nal(0x06, 6, 1, 0xc4, 0x80), nal(0x41, 1)...), recovery: true},
		"recovery point behind other": {data: append(nal(0x06, 1, 2, 0, 0, 6, 1, 0xc4, 0x80), nal(0x41, 1)...), recovery: true},
		"a 6 in another's payload":    {data: append(nal(0x06, 5, 2, 6, 6, 0x80), nal(0x41, 1)...)},
		"a type above 255":            {data: append(nal(0x06, 0xff, 6, 1, 0, 0x80), nal(0x41, 1)...)},
		"SEI that is cut off":         {data: append(nal(0x06, 0xff, 0xff), nal(0x41, 1)...)},
		"a size that is too long":     {data: append(nal(0x06, 5, 200, 1), nal(0x41, 1)...)},
		"an empty unit":               {data: nal(), bad: true},
		"a unit that is cut off":      {data: nal(0x65, 1, 2)[:6], bad: true},
		"three bytes":                 {data: []byte{0, 0, 0}, bad: true},
	}
	for name, tt := range tests {
		idr, recovery, err := accessUnit(tt.data)
		if (err != nil) != tt.bad || err == nil && (idr != tt.idr || recovery != tt.recovery) {
			t.Errorf("%s: got %v, %v, %v", name, idr, recovery, err)
		}
	}
}

func FuzzAccessUnit(f *testing.F) {
	f.Add(append(nal(0x06, 1, 2, 0, 0, 6, 1, 0xc4, 0x80), nal(0x41, 1)...))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _, _ = accessUnit(b) })
}

func TestOrdered(t *testing.T) {
	video := func(dts uint64) chunk { return chunk{video: true, dts: dts, timescale: 90000} }
	audio := func(dts uint64) chunk { return chunk{dts: dts, timescale: 48000} }
	for name, tt := range map[string]struct {
		chunks []chunk
		want   bool
	}{
		"audio first on a tie": {[]chunk{audio(0), video(0), video(3600), audio(4096)}, true},
		"video first on a tie": {[]chunk{video(0), audio(0)}, false},
		"video late":           {[]chunk{video(3600), audio(1000)}, false},
		"a tie at 1/15 s":      {[]chunk{video(6000), audio(3200)}, false},
		"less than a tick":     {[]chunk{video(5999), audio(3200)}, true},
	} {
		if got := ordered(tt.chunks); got != tt.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
