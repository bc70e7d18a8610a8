// Package listen owns the node's sockets: TCP listeners and their limits, certificates, and the file that says where the
// node listens.
//
// It starts no goroutine: certificates are looked at again during handshakes, in the goroutine of the connection. It
// never speaks a protocol above TLS and never decides which addresses to listen on.
package listen
