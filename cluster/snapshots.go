package cluster

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/hashicorp/raft"

	"shoal/cluster/logstore"
)

// snapshotKey is where the log keeps the snapshot: it has no file of its own, and costs one write.
var snapshotKey = []byte("snapshot")

// largestReference bounds what a snapshot may be. A reference has some 30 bytes.
const largestReference = 4 << 10

// snapshots is raft's SnapshotStore for snapshots by reference. It keeps the last one: what it refers to is the state
// itself, so that an older one is of no use.
type snapshots struct{ log *logstore.Store }

// kept is a snapshot in its form on disk.
type kept struct {
	Meta      raft.SnapshotMeta
	Reference []byte
}

// last gives the snapshot, nil if there is none.
func (s snapshots) last() (*kept, error) {
	raw, err := s.log.Get(snapshotKey)
	if err != nil || raw == nil {
		return nil, err
	}
	k := new(kept)
	if err := json.Unmarshal(raw, k); err != nil {
		return nil, fmt.Errorf("read the snapshot: %w", err)
	}
	return k, nil
}

// Create begins a snapshot.
func (s snapshots) Create(v raft.SnapshotVersion, index, term uint64, c raft.Configuration, at uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	return &sink{snapshots: s, meta: raft.SnapshotMeta{
		Version: v, ID: fmt.Sprintf("%d-%d", term, index), Index: index, Term: term, Configuration: c, ConfigurationIndex: at,
	}}, nil
}

// List gives the snapshot, if there is one.
func (s snapshots) List() ([]*raft.SnapshotMeta, error) {
	k, err := s.last()
	if err != nil || k == nil {
		return nil, err
	}
	return []*raft.SnapshotMeta{&k.Meta}, nil
}

// Open gives a snapshot's reference.
func (s snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	k, err := s.last()
	if err != nil {
		return nil, nil, err
	}
	if k == nil || k.Meta.ID != id {
		return nil, nil, fmt.Errorf("there is no snapshot %q", id)
	}
	return &k.Meta, io.NopCloser(bytes.NewReader(k.Reference)), nil
}

// sink takes a snapshot's reference, and keeps it when it is closed.
type sink struct {
	snapshots
	meta raft.SnapshotMeta
	buf  bytes.Buffer
	done bool
}

// ID names the snapshot.
func (s *sink) ID() string { return s.meta.ID }

// Write adds to the reference.
func (s *sink) Write(p []byte) (int, error) {
	if s.buf.Len()+len(p) > largestReference {
		return 0, errors.New("a snapshot that is not a reference")
	}
	return s.buf.Write(p)
}

// Close keeps the snapshot in the place of the one before.
func (s *sink) Close() error {
	if s.done {
		return nil
	}
	s.done = true
	s.meta.Size = int64(s.buf.Len())
	raw, err := json.Marshal(kept{s.meta, s.buf.Bytes()})
	if err != nil {
		return fmt.Errorf("keep a snapshot: %w", err)
	}
	if err := s.log.Set(snapshotKey, raw); err != nil {
		return fmt.Errorf("keep a snapshot: %w", err)
	}
	return nil
}

// Cancel drops the snapshot.
func (s *sink) Cancel() error {
	s.done = true
	return nil
}
