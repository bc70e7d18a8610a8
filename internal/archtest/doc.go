// Package archtest owns the rules of the house that a compiler does not hold: who may import whom, which modules the
// binary is made of, that every package says what it is, and that the binary for boards starts.
//
// It is all tests. It starts no goroutine besides those of the tests, and never is a part of the binary.
package archtest
