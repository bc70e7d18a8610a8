package logstore

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/raft"
	"go.etcd.io/bbolt"
)

// FirstIndex is the index of the first entry, 0 for none.
func (s *Store) FirstIndex() (uint64, error) { return s.first.Load(), s.Err() }

// LastIndex is the index of the last entry, 0 for none.
func (s *Store) LastIndex() (uint64, error) { return s.last.Load(), s.Err() }

// IsMonotonic tells raft that the log has no gaps.
func (s *Store) IsMonotonic() bool { return true }

// GetLog reads an entry: raft.ErrLogNotFound if there is none at index.
func (s *Store) GetLog(index uint64, l *raft.Log) error {
	err := s.read(func(tx *bbolt.Tx) error {
		key := entryKey(index)
		value := tx.Bucket(logBucket).Get(key)
		if value == nil {
			return raft.ErrLogNotFound
		}
		if err := decodeEntry(key, value, l); err != nil {
			return s.fail(damaged(s.path, "%v", err))
		}
		// The value belongs to the transaction.
		l.Data, l.Extensions = slices.Clone(l.Data), slices.Clone(l.Extensions)
		return nil
	})
	if errors.Is(err, raft.ErrLogNotFound) {
		if first, last := s.first.Load(), s.last.Load(); first != 0 && index >= first && index <= last {
			return s.fail(damaged(s.path, "entry %d is missing", index))
		}
	}
	return err
}

// StoreLog stores one entry; see StoreLogs.
func (s *Store) StoreLog(l *raft.Log) error { return s.StoreLogs([]*raft.Log{l}) }

// StoreLogs stores entries, all or none, behind the last one: ErrGap if they do not follow it. In an empty log they may
// begin anywhere.
func (s *Store) StoreLogs(logs []*raft.Log) error {
	if len(logs) == 0 {
		return nil
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	first, before := logs[0].Index, s.last.Load()
	if first == 0 || before != 0 && first != before+1 {
		return fmt.Errorf("%w: entry %d should follow entry %d", ErrGap, first, before)
	}
	size := 0
	for i, l := range logs {
		if l.Index != first+uint64(i) {
			return fmt.Errorf("%w: entry %d should follow entry %d", ErrGap, l.Index, first+uint64(i)-1)
		}
		size += entryHeader + elementSize + 8 + len(l.Extensions) + len(l.Data)
	}
	last := logs[len(logs)-1].Index
	if err := s.write(size, func(tx *bbolt.Tx) error {
		b := tx.Bucket(logBucket)
		b.FillPercent = 1 // entries come in order
		if err := s.forget(b, before); err != nil {
			return err
		}
		for _, l := range logs {
			if err := b.Put(entryKey(l.Index), encodeEntry(l)); err != nil {
				return fmt.Errorf("store entry %d: %w", l.Index, err)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	s.first.CompareAndSwap(0, first)
	s.last.Store(last)
	return nil
}

// forget removes entries behind the last one: those of a batch that was not acknowledged, since only its last sync failed.
func (s *Store) forget(b *bbolt.Bucket, last uint64) error {
	for {
		key, _ := b.Cursor().Last()
		index := uint64(0)
		if key != nil {
			var err error
			if index, err = entryIndex(key); err != nil {
				return s.fail(damaged(s.path, "%v", err))
			}
		}
		switch {
		case index < last:
			return s.fail(damaged(s.path, "entry %d is missing", last))
		case index == last:
			return nil
		}
		if err := b.Delete(slices.Clone(key)); err != nil {
			return fmt.Errorf("remove entry %d: %w", index, err)
		}
	}
}

// DeleteRange deletes the entries from low to high, at the beginning or at the end of the log: ErrGap if some would be left
// on both sides.
func (s *Store) DeleteRange(low, high uint64) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	first, last := s.first.Load(), s.last.Load()
	if first == 0 || high < first || low > last || low > high {
		return s.Err()
	}
	low, high = max(low, first), min(high, last)
	if low > first && high < last {
		return fmt.Errorf("%w: the entries from %d to %d are in the middle", ErrGap, low, high)
	}
	if err := s.write(0, func(tx *bbolt.Tx) error {
		b := tx.Bucket(logBucket)
		b.FillPercent = 1
		if err := s.forget(b, last); err != nil {
			return err
		}
		for index := low; index <= high; index++ {
			if err := b.Delete(entryKey(index)); err != nil {
				return fmt.Errorf("delete entry %d: %w", index, err)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	switch {
	case low == first && high == last:
		s.first.Store(0)
		s.last.Store(0)
	case low == first:
		s.first.Store(high + 1)
	default:
		s.last.Store(low - 1)
	}
	return nil
}
