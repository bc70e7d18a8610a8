package logstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"
)

// Set keeps a value, of some KiB at most, under a key. One that is there already costs nothing.
func (s *Store) Set(key, value []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if old, err := s.kept(key); err != nil || old != nil && bytes.Equal(old, value) {
		return err
	}
	return s.write(0, func(tx *bbolt.Tx) error { return put(tx, key, value) })
}

// Stage has a value kept by the next write, whatever that is: both are on disk, or neither. Until then Get gives it, and
// the end of the process loses it.
func (s *Store) Stage(key, value []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.stage.Lock()
	defer s.stage.Unlock()
	s.staged[string(key)] = slices.Clone(value)
	return s.Err()
}

// put writes a value.
func put(tx *bbolt.Tx, key, value []byte) error {
	if err := tx.Bucket(stableBucket).Put(key, encodeStable(key, value)); err != nil {
		return fmt.Errorf("keep %q: %w", key, err)
	}
	return nil
}

// Get gives the value of a key, nil if there is none.
func (s *Store) Get(key []byte) ([]byte, error) {
	s.stage.Lock()
	value, ok := s.staged[string(key)]
	s.stage.Unlock()
	if ok {
		return slices.Clone(value), s.Err()
	}
	return s.kept(key)
}

// kept gives the value on disk, nil if there is none.
func (s *Store) kept(key []byte) (value []byte, err error) {
	err = s.read(func(tx *bbolt.Tx) error {
		kept := tx.Bucket(stableBucket).Get(key)
		if kept == nil {
			return nil
		}
		v, err := decodeStable(key, kept)
		if err != nil {
			return s.fail(damaged(s.path, "%v", err))
		}
		value = append([]byte{}, v...)
		return nil
	})
	return value, err
}

// SetUint64 keeps a number under a key.
func (s *Store) SetUint64(key []byte, value uint64) error {
	return s.Set(key, binary.BigEndian.AppendUint64(nil, value))
}

// GetUint64 gives the number of a key, 0 if there is none.
func (s *Store) GetUint64(key []byte) (uint64, error) {
	value, err := s.Get(key)
	switch {
	case err != nil || value == nil:
		return 0, err
	case len(value) != 8:
		return 0, fmt.Errorf("%q is no number", key)
	}
	return binary.BigEndian.Uint64(value), nil
}
