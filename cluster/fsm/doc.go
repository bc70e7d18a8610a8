// Package fsm owns the replicated state of a node: a SQLite database that hashicorp/raft feeds with the commands of its
// log. It knows no command but its own two (raising a schema, comparing states); packages define theirs with
// cluster/state.
//
// It starts no goroutine but those of database/sql, which end with Close. Raft calls Apply, ApplyBatch, Snapshot and
// Restore one after the other; readers come from anywhere. It never deletes or repairs what is damaged, and never ends
// the process: a Machine that cannot go on stops, says why (Failed, Err), and refuses everything.
//
// # One batch, one transaction
//
// A batch of log entries is one transaction, which holds the index of the last entry too: entries that come again after
// a restart are skipped. Each command has a savepoint, so that a refusal leaves nothing behind but the cluster's clock,
// which moves with every entry. Commits are not fsynced (synchronous=normal): a pulled plug may take the last ones, the
// log gives them back. A killed process loses nothing.
//
// While the disk has no room, ApplyBatch waits for it and tries again; Options.Full hears of it, Close ends it.
//
// # The sum of the rows
//
// SQLite has no checksums on its pages. The machine keeps one of its own: each row, as canonical bytes under SHA-256,
// is added into a 256-bit sum when it comes and subtracted when it goes (SQLite's pre-update hook tells), in the same
// transaction. The sum depends neither on the order of rows nor on batches, costs some microseconds per row changed,
// and is compared with a scan of all rows at Open. So a single node notices a flipped bit in a value, and two nodes
// compare their states for the price of a message. Against an attacker a sum of hashes is weak; it is here against
// accidents. With 100,000 videos and their full-text index, Open takes 1.2 s of a server's core: 0.7 s for SQLite's
// integrity_check (quick_check is little faster there, and does not see an index that disagrees with its table) and 0.3
// s for the scan. What neither sees is in free space, or in a full-text index. The few values that steer the machine
// itself (index, clock, sum) are under a seal of their own.
//
// In the sum are all tables and their definitions, except meta, virtual tables with their shadows, and the tables that
// a state.Schema names as derived. A text counts up to its first NUL; a real number that is whole counts as an integer.
//
// # What commands may use
//
// On top of the rules of cluster/state, the machine refuses to run (and stops, for it is a mistake of the program):
// functions whose value is not in the state (random, datetime, changes, last_insert_rowid and their kin), transactions
// and PRAGMAs, changes of the table meta, and changes of the schema outside of a state.Schema's steps. Foreign keys are
// enforced; a deferred one is not allowed, since it would fail a batch and not the command. AUTOINCREMENT is not
// allowed: Tx.NextID is there for that. Dropping a table that others refer to deletes what refers to it.
package fsm
