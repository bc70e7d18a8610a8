// Package httpd owns how the node speaks HTTP: the server and its limits, what stands around every handler, and the one
// way to answer an error.
//
// Serve runs in its caller's goroutine; net/http, and the front before it (see Direct), start one for each connection, and
// Shutdown returns when all of them have ended or its context has. It never knows a route (cmd/shoal puts the mux together), never
// opens a socket (see internal/listen), and never logs a viewer's address, path or query.
package httpd
