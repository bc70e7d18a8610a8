// Package state owns the nouns of the replicated state: what a command is, what it may do when it is applied, how it is
// proposed, how the state is read, and which schema a package's tables have. Packages that have facts to keep (the
// catalog, the claims) import it; cluster/fsm applies what they define without knowing any of it.
//
// It starts no goroutine and does no I/O of its own. It never knows which commands exist, nor how they get to the other
// nodes.
//
// # Rules of a command
//
// The same commands must make the same state on every node, for ever:
//
//   - A Kind, once released, is never changed: another meaning is another Kind with a higher version. The corpus of
//     cluster/fsm holds every Kind that was ever written to a log.
//   - Time, random values, UUIDs, hashes and keys are made by the proposer and carried. Apply uses Tx.Now and Tx.NextID.
//   - A SELECT in Apply that feeds a write has a total ORDER BY. No floats in conditions, no LIKE, no random(), no
//     datetime('now'), no changes(), no rowid that was not chosen.
//   - What does not hold is a *Refusal: a result, the same on every node, that leaves the state as it was. Any other error
//     stops the machine: the disk is full or broken, or this program is too old for the command.
package state
