package logstore

import (
	"bytes"
	"fmt"
	"io"

	"github.com/hashicorp/raft"
)

// contents is what a check has found in a file.
type contents struct {
	first, last uint64 // indexes of the entries, 0 for none
}

// The buckets of the file.
var (
	logBucket    = []byte("log")
	stableBucket = []byte("stable")
)

// check reads all of a file of size bytes, and says what is wrong with it.
func check(r io.ReaderAt, size int64) (contents, error) {
	var c contents
	t, err := openTree(r, size)
	if err != nil {
		return c, err
	}
	var buckets []element
	if err := t.walk(t.meta.root, nil, nil, 0, func(e element) error {
		buckets = append(buckets, e)
		return nil
	}); err != nil {
		return c, err
	}
	if len(buckets) != 2 || !bytes.Equal(buckets[0].key, logBucket) || !bytes.Equal(buckets[1].key, stableBucket) {
		return c, fmt.Errorf("it has not the buckets of a log")
	}
	if err := t.bucket(buckets[0], c.add); err != nil {
		return c, err
	}
	if err := t.bucket(buckets[1], func(e element) error {
		if e.bucket {
			return fmt.Errorf("value %q is a bucket", e.key)
		}
		_, err := decodeStable(e.key, e.value)
		return err
	}); err != nil {
		return c, err
	}
	return c, t.free()
}

// add takes the next entry.
func (c *contents) add(e element) error {
	if e.bucket {
		return fmt.Errorf("entry %x is a bucket", e.key)
	}
	var l raft.Log
	if err := decodeEntry(e.key, e.value, &l); err != nil {
		return err
	}
	if l.Index == 0 || c.last != 0 && l.Index != c.last+1 {
		return fmt.Errorf("entry %d follows entry %d", l.Index, c.last)
	}
	if c.first == 0 {
		c.first = l.Index
	}
	c.last = l.Index
	return nil
}
