package amf0

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// values are one of each kind, nested.
var values = []any{
	"connect", 1.0, true, false, nil,
	Object{{"app", "live"}, {"caps", List{1.0, "x"}}, {"inner", Object{{"", "empty key"}}}},
	Array{{"width", 1280.0}, {"stereo", true}},
	strings.Repeat("long", 20_000),
}

func TestRoundTrip(t *testing.T) {
	got, err := Decode(Append(nil, values...))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, values) {
		t.Fatalf("read\n%v\nwant\n%v", got, values)
	}
	if o := got[5].(Object); o.Get("app") != "live" || o.Get("none") != nil {
		t.Errorf("Get of an object: %v", o)
	}
	if a := got[6].(Array); a.Get("width") != 1280.0 {
		t.Errorf("Get of an array: %v", a)
	}
}

func TestDecodeRefuses(t *testing.T) {
	tests := []struct {
		name string
		in   []byte
	}{
		{"short number", []byte{0, 1, 2}},
		{"string beyond the end", []byte{2, 0xff, 0xff, 'a'}},
		{"long string beyond the end", []byte{0x0c, 0xff, 0xff, 0xff, 0xff}},
		{"object without an end", []byte{3, 0, 1, 'a', 5}},
		{"array without a count", []byte{8, 0, 0}},
		{"list of two thousand million", []byte{0x0a, 0x7f, 0xff, 0xff, 0xff}},
		{"reference", []byte{7, 0, 0}},
		{"deep lists", bytes.Repeat([]byte{0x0a, 0, 0, 0, 1}, 1000)},
		{"deep objects", bytes.Repeat([]byte{3, 0, 1, 'a'}, 1000)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if v, err := Decode(tt.in); !errors.Is(err, ErrSyntax) {
				t.Fatalf("read %v with error %v, want ErrSyntax", v, err)
			}
		})
	}
}

func TestDecodeKeepsWhatItRead(t *testing.T) {
	got, err := Decode(append(Append(nil, "onStatus", 0.0), 0xff))
	if !errors.Is(err, ErrSyntax) || len(got) != 2 {
		t.Fatalf("read %v with error %v, want two values and ErrSyntax", got, err)
	}
	if got, err = Decode([]byte{6}); err != nil || len(got) != 1 || got[0] != nil {
		t.Fatalf("undefined is %v with error %v, want nil", got, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Append(nil, values[:7]...))
	f.Add([]byte{3, 0, 1, 'a', 5})
	f.Add([]byte{0x0a, 0, 0, 0, 2, 5, 6})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Decode(b)
		if err != nil {
			return
		}
		written := Append(nil, got...)
		again, err := Decode(written)
		if err != nil || !bytes.Equal(Append(nil, again...), written) {
			t.Fatalf("%v does not survive writing: %v, %v", got, again, err)
		}
	})
}
