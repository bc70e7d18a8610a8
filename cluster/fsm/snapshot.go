package fsm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/hashicorp/raft"
)

// reference begins a snapshot that is a reference: the index follows, then a newline.
const reference = "SHOALREF1 "

func formatReference(index uint64) string { return fmt.Sprintf("%s%d\n", reference, index) }

// parseReference reads what formatReference has made, and nothing else.
func parseReference(text string) (index uint64, err error) {
	digits, _ := strings.CutPrefix(strings.TrimSuffix(text, "\n"), reference)
	if index, err = strconv.ParseUint(digits, 10, 64); err != nil || formatReference(index) != text {
		return 0, fmt.Errorf("%q is no reference", text)
	}
	return index, nil
}

// snapshot is a snapshot by reference: the database is the state, and durable up to an index at least.
type snapshot uint64

// Persist writes the reference.
func (s snapshot) Persist(sink raft.SnapshotSink) error {
	if _, err := io.WriteString(sink, formatReference(uint64(s))); err != nil {
		return errors.Join(fmt.Errorf("write a snapshot: %w", err), sink.Cancel())
	}
	if err := sink.Close(); err != nil {
		return fmt.Errorf("write a snapshot: %w", err)
	}
	return nil
}

// Release has nothing to release.
func (snapshot) Release() {}

// Snapshot makes all that was applied durable, and refers to it: the WAL is written back into the database, or, when
// somebody reads what is in it, synced with a commit of its own.
func (m *Machine) Snapshot() (raft.FSMSnapshot, error) {
	m.work.Lock()
	defer m.work.Unlock()
	if err := m.usable(); err != nil {
		return nil, fmt.Errorf("snapshot the state: %w", err)
	}
	if err := m.sync(context.Background()); err != nil {
		if isStorage(err) && !passes(err, m.path) {
			m.stop(err)
		}
		return nil, err
	}
	return snapshot(m.Applied()), nil
}

// sync makes everything committed durable.
func (m *Machine) sync(ctx context.Context) (err error) {
	set := func(pragma string) error {
		if _, err := m.w.conn.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
			return fmt.Errorf("set %s: %w", pragma, err)
		}
		return nil
	}
	// Raft applies nothing meanwhile, so readers are not waited for.
	if err := set("busy_timeout = 0"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set("busy_timeout = 5000"), set("synchronous = normal")) }()
	if err := set("synchronous = full"); err != nil {
		return err
	}
	var busy, inLog, back int
	if err := m.w.conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(truncate)`).Scan(&busy, &inLog, &back); err != nil {
		return fmt.Errorf("write the WAL back: %w", err)
	}
	if busy == 0 {
		return nil
	}
	if _, err := m.w.conn.ExecContext(ctx, `UPDATE meta SET synced = applied`); err != nil {
		return fmt.Errorf("sync the WAL: %w", err)
	}
	return nil
}

// Restore takes a snapshot: a reference is checked (ErrBehind if the database is older), a copy that WriteCopy has made
// takes the database's place while readers wait. A copy that is not whole is ErrDamaged and changes nothing.
func (m *Machine) Restore(rc io.ReadCloser) error {
	defer rc.Close()
	m.work.Lock()
	defer m.work.Unlock()
	if err := m.usable(); err != nil {
		return fmt.Errorf("restore a snapshot: %w", err)
	}
	r := bufio.NewReader(rc)
	head, err := r.Peek(len(reference))
	if err != nil {
		return fmt.Errorf("read a snapshot: %w", err)
	}
	if string(head) != reference {
		return m.restoreCopy(r)
	}
	text, err := io.ReadAll(io.LimitReader(r, 64))
	if err != nil {
		return fmt.Errorf("read a snapshot: %w", err)
	}
	index, err := parseReference(string(text))
	if err != nil {
		return fmt.Errorf("read a snapshot: %w", err)
	}
	if have := m.Applied(); have < index {
		return fmt.Errorf("%w: %s holds the changes up to %d, the snapshot those up to %d. Put back a backup of the whole folder; "+
			"in a cluster, give the node an empty data folder and let it join again", ErrBehind, m.path, have, index)
	}
	return nil
}
