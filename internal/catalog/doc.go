// Package catalog owns the instance's facts: users, accounts, channels, videos, lives and their keys, broadcasts, log-ins
// and settings. It changes them by commands that go through the replicated log, and reads them from this node's copy.
//
// It starts no goroutine. It holds no media (see internal/blob), checks no passwords (see internal/auth), and never asks who
// is asking: whoever calls has looked whether the caller may.
package catalog
