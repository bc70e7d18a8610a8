// Package node runs the real binary for tests: it owns the build of cmd/shoal, nodes in scratch folders, on loopback ports
// of the kernel's choice, and what can be seen of them from outside: pages' JSON, metrics, log, memory and processor time.
//
// It starts one process per Node and one goroutine that waits for it; both end with the test at the latest, and a node
// that does not end well fails its test. It never reaches into a node: what a test sees, an operator could see.
package node
