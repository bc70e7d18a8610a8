// Package logstore owns the log of a node on disk: a bbolt file behind raft's LogStore and StableStore,
// with checksums and a check of everything when it is opened.
//
// It starts no goroutine, and writes nothing that it was not asked to write. It never truncates, skips or repairs what is
// damaged, and it never ends the process: damage is ErrDamaged, and a Store that met it refuses everything from then on.
//
// # What a write is
//
// StoreLogs, DeleteRange and Set return when their change is on the disk: bbolt syncs the pages, then the page that refers
// to them. An entry carries a CRC32C over its index and all its fields, a stable value one over its key and itself. The
// log has no gap: one is refused when it is written, and is damage when it is read. A full disk is an error that wraps
// syscall.ENOSPC; the store stays as it was and goes on when there is room. Room is allocated ahead, in steps of 256 KiB,
// so that a full disk shows before anything was written. Any other error of the disk is kept: after a failed sync nobody
// knows what the disk holds.
//
// # The check at open
//
// bbolt has no checksums on its pages and trusts what it maps into memory: a flipped bit in a page can make it read
// another page, free one that is used, or end the process beyond the reach of recover, since some of its walks run in
// goroutines of their own. Open therefore reads the file with code of its own, which believes nothing, before bbolt sees it:
// every page from the root is where it says it is and used once, keys ascend, the list of free pages holds all others, every
// entry and value has its checksum, indexes have no gap. That takes some milliseconds for the usual log, so that it is done
// at every start and needs no child process. Of the two pages that refer to the rest, bbolt takes the older when the newer
// is invalid, which would lose an acknowledged write in silence: here that is damage.
//
// Afterwards the mapped file can still turn bad (a disk that fails to read it again): such faults are caught where the
// store is used, and are ErrDamaged too.
package logstore
