// Package audience owns who watches now, and which views are to be counted. It knows viewers by 8-byte hashes of what their
// players call themselves, with a salt that is made anew at each start: nobody can be found again in it.
//
// It starts no goroutine but Run's caller's, which hands counts on to be kept. It never keeps an address, never writes
// anything else down and never knows who is logged in.
package audience
