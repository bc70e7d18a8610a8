//go:build race

package fsm

// racing makes tests draw less: SQLite is some twenty times slower under the race detector.
func init() { racing = true }
