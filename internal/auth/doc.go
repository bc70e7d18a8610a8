// Package auth owns the question who somebody is and what they may do: passwords and their hashes, log-ins and their tokens,
// roles, the tokens that open media that is not public, and the throttle that keeps strangers from trying passwords.
//
// It starts no goroutine, but for the one of a timer that gives memory back a second after passwords were hashed. It never
// keeps a password or a token, never logs one, and never knows an address but as a hash with a salt of the process's own.
package auth
