//go:build !linux

package listen

import "syscall"

// control does nothing: TCP_USER_TIMEOUT is Linux's, which is what a node runs on. Elsewhere one can still develop.
func control(_, _ string, _ syscall.RawConn) error { return nil }
