// Package rest owns the instance's API over HTTP: PeerTube's calls under /api/v1, as its clients know them, Shoal's own
// under /api/v1/shoal, and the pictures under /lazy-static. All calls stand in one table of typed operations; the mux, the
// checks of who may call and of what is sent, and the OpenAPI document are made from it.
//
// It starts no goroutine. It never holds state of its own beside the number of requests at work, never serves media (see
// relay/hls) or pages, never stores an address that a client named, and never logs a key, a token or who asked.
package rest
