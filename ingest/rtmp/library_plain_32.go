//go:build 386 || arm || mips || mipsle

package rtmp

import "log/slog"

// newLibrary is plain where an int has 32 bits: yutopp/go-rtmp v0.0.7 does not compile there.
func newLibrary(*slog.Logger) library { return plain{} }
