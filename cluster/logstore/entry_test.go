package logstore

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

var someEntries = map[string]raft.Log{
	"empty":      {Index: 1},
	"command":    {Index: 7, Term: 3, Type: raft.LogCommand, Data: []byte("data"), AppendedAt: time.Unix(0, 1_700_000_000_123_456_789)},
	"extensions": {Index: 1 << 63, Term: 1<<64 - 1, Type: raft.LogConfiguration, Data: []byte{0}, Extensions: []byte("more")},
	"epoch":      {Index: 2, AppendedAt: time.Unix(0, 0)},
	"1969":       {Index: 2, AppendedAt: time.Unix(0, -1), Data: bytes.Repeat([]byte("x"), 10_000)},
}

// same compares entries; no slice and an empty one are the same.
func same(a, b raft.Log) bool {
	return a.Index == b.Index && a.Term == b.Term && a.Type == b.Type && a.AppendedAt.Equal(b.AppendedAt) &&
		bytes.Equal(a.Data, b.Data) && bytes.Equal(a.Extensions, b.Extensions)
}

func TestEntryGoesThroughItsForm(t *testing.T) {
	for name, want := range someEntries {
		t.Run(name, func(t *testing.T) {
			var got raft.Log
			if err := decodeEntry(entryKey(want.Index), encodeEntry(&want), &got); err != nil {
				t.Fatal(err)
			}
			if !same(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestEveryFlippedBitOfAnEntryShows(t *testing.T) {
	for name, l := range someEntries {
		key, value := entryKey(l.Index), encodeEntry(&l)
		for _, b := range [][]byte{key, value[:min(len(value), 200)]} {
			for i := range 8 * len(b) {
				b[i/8] ^= 1 << (i % 8)
				var got raft.Log
				if err := decodeEntry(key, value, &got); err == nil {
					t.Errorf("%s: flipped bit %d went unnoticed", name, i)
				}
				b[i/8] ^= 1 << (i % 8)
			}
		}
	}
}

func TestEveryFlippedBitOfAStableValueShows(t *testing.T) {
	key := []byte("term")
	kept := encodeStable(key, []byte("value"))
	for _, b := range [][]byte{key, kept} {
		for i := range 8 * len(b) {
			b[i/8] ^= 1 << (i % 8)
			if _, err := decodeStable(key, kept); err == nil {
				t.Errorf("flipped bit %d went unnoticed", i)
			}
			b[i/8] ^= 1 << (i % 8)
		}
	}
	if v, err := decodeStable(key, kept); err != nil || string(v) != "value" {
		t.Errorf("got %q, %v", v, err)
	}
}

func FuzzDecodeEntry(f *testing.F) {
	for _, l := range someEntries {
		f.Add(entryKey(l.Index), encodeEntry(&l))
	}
	f.Fuzz(func(t *testing.T, key, value []byte) {
		var l raft.Log
		if err := decodeEntry(key, value, &l); err != nil {
			return
		}
		var again raft.Log
		if err := decodeEntry(entryKey(l.Index), encodeEntry(&l), &again); err != nil || !reflect.DeepEqual(l, again) {
			t.Errorf("%+v became %+v (%v)", l, again, err)
		}
	})
}
