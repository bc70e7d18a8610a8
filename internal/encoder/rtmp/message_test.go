package rtmp

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestChunks(t *testing.T) {
	audio := func(ms uint32, body string) message {
		return message{typ: Audio, stream: 1, time: ms, body: []byte(body)}
	}
	tests := []struct {
		name string
		opt  Options
		in   []message
		want string
	}{
		{"full header", Options{}, []message{audio(5, "ab")}, "04 000005 000002 08 01000000 6162"},
		{"no body", Options{}, []message{audio(5, "")}, "04 000005 000000 08 01000000"},
		{"several chunks", Options{ChunkSize: 3}, []message{audio(5, "abcdefgh")}, "04 000005 000008 08 01000000 616263 c4 646566 c4 6768"},
		{"a whole number of chunks", Options{ChunkSize: 2}, []message{audio(5, "abcd")}, "04 000005 000004 08 01000000 6162 c4 6364"},
		{"another size", Options{}, []message{audio(5, "ab"), audio(26, "c")}, "04 000005 000002 08 01000000 6162 44 000015 000001 08 63"},
		{
			"same size, then same delta",
			Options{},
			[]message{audio(5, "ab"), audio(26, "cd"), audio(47, "ef"), audio(69, "gh")},
			"04 000005 000002 08 01000000 6162 84 000015 6364 c4 6566 84 000016 6768",
		},
		{
			"full headers on demand",
			Options{FullHeaders: true},
			[]message{audio(5, "ab"), audio(26, "cd")},
			"04 000005 000002 08 01000000 6162 04 00001a 000002 08 01000000 6364",
		},
		{"time goes back", Options{}, []message{audio(26, "ab"), audio(5, "cd")}, "04 00001a 000002 08 01000000 6162 04 000005 000002 08 01000000 6364"},
		{
			"extended time, repeated",
			Options{ChunkSize: 1},
			[]message{audio(0x01020304, "ab")},
			"04 ffffff 000002 08 01000000 01020304 61 c4 01020304 62",
		},
		{
			"extended time, not repeated",
			Options{ChunkSize: 1, ShortType3: true},
			[]message{audio(0x01020304, "ab")},
			"04 ffffff 000002 08 01000000 01020304 61 c4 62",
		},
		{
			"a small delta behind an extended time",
			Options{},
			[]message{audio(0x01020304, "ab"), audio(0x01020306, "cd")},
			"04 ffffff 000002 08 01000000 01020304 6162 84 000002 6364",
		},
		{
			"exactly the limit",
			Options{},
			[]message{audio(0, "ab"), audio(0xffffff, "cd"), audio(2*0xffffff, "ef")},
			"04 000000 000002 08 01000000 6162 84 ffffff 00ffffff 6364 84 ffffff 00ffffff 6566",
		},
		{
			"kinds have chunk streams of their own",
			Options{},
			[]message{audio(0, "a"), {typ: Video, stream: 1, body: []byte("v")}, {typ: Command, body: []byte("c")}, {typ: UserControl, body: []byte("u")}},
			"04 000000 000001 08 01000000 61 06 000000 000001 09 01000000 76 03 000000 000001 14 00000000 63 02 000000 000001 04 00000000 75",
		},
		{
			"another message stream",
			Options{},
			[]message{{typ: Command, body: []byte("a")}, {typ: Command, stream: 0x0102, body: []byte("b")}},
			"03 000000 000001 14 00000000 61 03 000000 000001 14 02010000 62",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWriter(tt.opt.withDefaults())
			var got []byte
			for _, m := range tt.in {
				got = w.append(got, m)
			}
			if want := unhex(t, tt.want); !bytes.Equal(got, want) {
				t.Errorf("got  %x\nwant %x", got, want)
			}
		})
	}
}

func TestReader(t *testing.T) {
	tests := []struct {
		name, in string
		want     string // type:body of each message
		err      error
	}{
		{"nothing", "", "", io.EOF},
		{"one", "03 000000 000002 14 00000000 6162", "20:ab", io.EOF},
		{"ids of two and three bytes", "00 10 000000 000001 14 00000000 61 01 1000 000000 000001 14 00000000 62", "20:a 20:b", io.EOF},
		{"compressed headers", "03 000000 000001 14 00000000 61 43 000000 000002 12 6263 83 000000 6465 c3 6667", "20:a 18:bc 18:de 18:fg", io.EOF},
		{"chunks of two messages mixed", "02 000000 000004 01 00000000 00000002 03 000000 000003 14 00000000 6162 04 000000 000003 12 00000000 6465 c3 63 c4 66", "1:\x00\x00\x00\x02 20:abc 18:def", io.EOF},
		{"extended time", "02 000000 000004 01 00000000 00000001 03 ffffff 000002 14 00000000 01000000 61 c3 01000000 62", "1:\x00\x00\x00\x01 20:ab", io.EOF},
		{"a header gives up an unfinished message", "02 000000 000004 01 00000000 00000001 03 000000 000002 14 00000000 61 03 000000 000001 14 00000000 62", "1:\x00\x00\x00\x01 20:b", io.EOF},
		{"cut in a header", "03 000000", "", io.ErrUnexpectedEOF},
		{"cut in a body", "03 000000 000005 14 00000000 6162", "", io.ErrUnexpectedEOF},
		{"compressed header first", "43 000000 000001 14 61", "", ErrProtocol},
		{"chunk size 0", "02 000000 000004 01 00000000 00000000", "", ErrProtocol},
		{"chunk size without a size", "02 000000 000001 01 00000000 00", "", ErrProtocol},
		{"message too big", "03 000000 ffffff 14 00000000 61", "", ErrProtocol},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newReader(bytes.NewReader(unhex(t, tt.in)))
			var got []string
			var err error
			for {
				var m message
				if m, err = r.next(); err != nil {
					break
				}
				got = append(got, map[Type]string{SetChunkSize: "1", Data: "18", Command: "20"}[m.typ]+":"+string(m.body))
			}
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got %q, want %q", s, tt.want)
			}
		})
	}
}

func TestReaderBoundsChunkStreams(t *testing.T) {
	var in []byte
	for id := range 70 { // each with an unfinished message
		in = append(in, 0, byte(id), 0, 0, 0, 0, 0, 200, byte(Command), 0, 0, 0, 0)
		in = append(in, make([]byte, 128)...)
	}
	if _, err := newReader(bytes.NewReader(in)).next(); !errors.Is(err, ErrProtocol) {
		t.Errorf("error %v, want ErrProtocol", err)
	}
}

func FuzzReader(f *testing.F) {
	w := newWriter(Options{}.withDefaults())
	b := w.append(nil, message{typ: SetChunkSize, body: []byte{0, 0, 0x10, 0}})
	b = w.append(b, message{typ: Command, time: 0x01020304, body: bytes.Repeat([]byte("x"), 5000)})
	f.Add(b)
	f.Add([]byte{0x43, 0, 0, 0})
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 1, 20, 0, 0, 0, 0, 1, 2, 3, 4, 5})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newReader(bytes.NewReader(b))
		total := 0
		for {
			m, err := r.next()
			if err != nil {
				return
			}
			if total += len(m.body); total > len(b) {
				t.Fatalf("%d bytes of messages out of %d", total, len(b))
			}
		}
	})
}
