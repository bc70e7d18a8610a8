package amf0

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func nested(open string, depth int) []byte {
	return []byte(strings.Repeat(open, depth))
}

func TestDecode(t *testing.T) {
	long := append([]byte{0x0c, 0, 1, 0, 1}, bytes.Repeat([]byte{'x'}, 65537)...)
	many := append([]byte{0x0a, 0, 0, 4, 0}, bytes.Repeat([]byte{0x05}, 1024)...)
	tests := []struct {
		name string
		in   []byte
		want []any
		err  error
	}{
		{"nothing", nil, nil, nil},
		{"number", []byte{0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0}, []any{1.0}, nil},
		{"number cut", []byte{0, 0x3f, 0xf0, 0}, nil, ErrShort},
		{"boolean", []byte{1, 2, 1, 0}, []any{true, false}, nil},
		{"boolean cut", []byte{1}, nil, ErrShort},
		{"string", []byte{2, 0, 1, 'a'}, []any{"a"}, nil},
		{"string cut", []byte{2, 0, 2, 'a'}, nil, ErrShort},
		{"string not UTF-8", []byte{2, 0, 2, 'a', 0xff}, []any{"a\uFFFD"}, nil},
		{"long string", []byte{0x0c, 0, 0, 0, 2, 'a', 'b'}, []any{"ab"}, nil},
		{"long string of 65,537", long, []any{strings.Repeat("x", 65537)}, nil},
		{"long string that claims 4 GiB", []byte{0x0c, 0xff, 0xff, 0xff, 0xff, 'a'}, nil, ErrShort},
		{"null, undefined, unsupported", []byte{5, 6, 13}, []any{nil, nil, nil}, nil},
		{"object", []byte{3, 0, 1, 'k', 5, 0, 0, 9}, []any{Object{{"k", nil}}}, nil},
		{"object without end", []byte{3, 0, 1, 'k', 5}, nil, ErrShort},
		{"object with a wrong end", []byte{3, 0, 0, 5}, nil, ErrObject},
		{"ECMA array", []byte{8, 0xff, 0, 0, 0, 0, 1, 'k', 1, 1, 0, 0, 9}, []any{Object{{"k", true}}}, nil},
		{"strict array", []byte{10, 0, 0, 0, 2, 5, 1, 1}, []any{Array{nil, true}}, nil},
		{"strict array of 0x7fffffff", []byte{10, 0x7f, 0xff, 0xff, 0xff}, nil, ErrSize},
		{"strict array of 1,024", many, []any{Array(make([]any, 1024))}, nil},
		{"strict array of 1,025", []byte{10, 0, 0, 4, 1}, nil, ErrSize},
		{"strict array cut", []byte{10, 0, 0, 4, 0, 5}, nil, ErrShort},
		{"too many values", bytes.Repeat(many, 4), nil, ErrSize},
		{"date", []byte{11, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0, 0}, []any{Date(1)}, nil},
		{"nested arrays", nested("\x0a\x00\x00\x00\x01", 3_300_000), nil, ErrDepth},
		{"nested objects", nested("\x03\x00\x01a", 2_100_000), nil, ErrDepth},
		{"nested as deep as allowed", append(nested("\x0a\x00\x00\x00\x01", MaxDepth), 5), []any{deep(MaxDepth)}, nil},
		{"movie clip", []byte{4}, nil, MarkerError(4)},
		{"reference", []byte{7, 0, 1}, nil, MarkerError(7)},
		{"XML", []byte{15, 0, 0, 0, 0}, nil, MarkerError(15)},
		{"typed object", []byte{16, 0, 1, 'a', 0, 0, 9}, nil, MarkerError(16)},
		{"AMF3", []byte{17, 1}, nil, MarkerError(17)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Decode(tt.in)
			if !errors.Is(err, tt.err) || !reflect.DeepEqual(got, tt.want) {
				t.Fatalf("got %.80v, %v; want %.80v, %v", got, err, tt.want, tt.err)
			}
			if err != nil && err.Error() == "" {
				t.Fatal("the error says nothing")
			}
		})
	}
}

func deep(n int) any {
	if n == 0 {
		return nil
	}
	return Array{deep(n - 1)}
}

func TestAppend(t *testing.T) {
	values := []any{"onStatus", 0.0, nil, true, false, Date(5), Array{1.0, "x"}, Object{{"level", "error"}, {"o", Object{}}}}
	got, err := Decode(Append(nil, values...))
	if err != nil || !reflect.DeepEqual(got, values) {
		t.Fatalf("got %v, %v; want %v", got, err, values)
	}
}

func TestAppendUnusual(t *testing.T) {
	got, err := Decode(Append(nil, strings.Repeat("é", 40000), struct{}{}, Object{{"", 1.0}, {"k", 2.0}}))
	want := []any{strings.Repeat("é", 32767), nil, Object{{"k", 2.0}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %.60v, %v", got, err)
	}
}

func TestObject(t *testing.T) {
	o := Object{{"a", 1.0}, {"b", "x"}, {"b", "y"}}
	if o.String("b") != "y" || o.String("a") != "" || o.String("c") != "" || o.Get("a") != 1.0 {
		t.Fatal(o)
	}
}

// FuzzDecode holds that no bytes make Decode panic or need much memory, and that what it decodes survives a round trip.
func FuzzDecode(f *testing.F) {
	f.Add(Append(nil, "connect", 1.0, Object{{"app", "live"}, {"audioCodecs", "x"}}))
	f.Add([]byte{10, 0x7f, 0xff, 0xff, 0xff})
	f.Add(nested("\x03\x00\x01a", 20))
	f.Add([]byte{0x0c, 0, 0, 0, 2, 'a', 'b', 6, 13, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		values, err := Decode(b)
		if err != nil {
			return
		}
		again := Append(nil, values...)
		if _, err := Decode(again); err != nil {
			t.Fatalf("what was decoded from %x does not survive: %v", b, err)
		}
	})
}

func BenchmarkDecodeConnect(b *testing.B) {
	in := Append(nil, "connect", 1.0, Object{
		{"app", "live"},
		{"type", "nonprivate"},
		{"flashVer", "FMLE/3.0 (compatible; Lavf59.27.100)"},
		{"tcUrl", "rtmp://127.0.0.1:1935/live"},
		{"videoCodecs", 252.0},
	})
	b.ReportAllocs()
	b.SetBytes(int64(binary.Size(in)))
	for b.Loop() {
		if _, err := Decode(in); err != nil {
			b.Fatal(err)
		}
	}
}
