// Package cluster owns a node's part in what the cluster agrees on: a Node brings commands into raft's log (logstore), has
// them applied to the state (fsm), and lets the state be read. A single node is a cluster of one voter: the same code path.
//
// Open starts raft's goroutines, and Close ends them; a proposal has a goroutine until its outcome is known. Nothing here
// runs, wakes or writes on behalf of what is idle, but for raft's look at the clock once a second.
//
// It never ends the process: when the log or the state breaks, or the disk is full, proposals are refused with the reason,
// what can still be read is read, and media, which does not pass here, goes on. It knows no command but those of fsm.
//
// # Files
//
// In the folder cluster of the data folder: node.json (the node's ID, made once), log.db (the log, raft's own values, and
// the snapshot's reference) and state.db (the state). They belong together: Open refuses a log that lost its end, and a
// state that is older than what the log begins with.
//
// # A full disk
//
// Proposals are refused while less than Config.Reserve is free, so that the log and the state rarely meet a full disk. When
// they do all the same, they wait and try again, at most a second apart: nothing needs a restart. Whoever fills the disk
// with something else (recordings) should stop well before.
//
// # What raft does when a write fails
//
// It panics if a term cannot be kept or a committed entry cannot be read, in goroutines of its own. The guards between it
// and the log let it see neither: they wait for room, or end that one goroutine and keep the reason (Node.Err).
package cluster
