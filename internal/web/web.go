// Package web owns the pages of a node: home, watch, embed and about, in English and in French, and the small JSON
// interface that they read. The pages' TypeScript source is in ui; what the binary embeds is the built bundle in dist,
// compressed once at build time (npm run build), and "npm run check" shows that both belong together.
//
// It starts no goroutine. It never serves media or playlists (see relay/hls), never loads anything from another host,
// and never shows a stream key unless Info says that this node may.
package web

import (
	"log/slog"
	"net/http"
)

// Handler answers every request for a page, for a file of the bundle, and for /api/v1/shoal/. All that it does not
// know is answered by the page for "not found".
type Handler struct {
	lives Lives
	info  Info
	log   *slog.Logger

	files *bundle
	mux   *http.ServeMux
}

// New makes the handler. It fails only if the embedded bundle is not complete, which is a mistake of the build.
func New(lives Lives, info Info, log *slog.Logger) (*Handler, error) {
	files, err := openBundle(dist)
	if err != nil {
		return nil, err
	}
	h := &Handler{lives: lives, info: info, log: log, files: files, mux: http.NewServeMux()}
	h.mux.HandleFunc("GET /{$}", h.page("home", http.StatusOK))
	h.mux.HandleFunc("GET /about", h.page("about", http.StatusOK))
	h.mux.HandleFunc("GET /w/{id}", h.livePage("watch"))
	h.mux.HandleFunc("GET /videos/embed/{id}", h.livePage("embed"))
	h.mux.HandleFunc("GET /assets/{name}", h.asset)
	h.mux.HandleFunc("GET "+api+"lives", h.listLives)
	h.mux.HandleFunc("GET "+api+"lives/{id}", h.getLive)
	h.mux.HandleFunc("GET "+api+"node", h.getNode)
	h.mux.HandleFunc(api, h.noSuchCall)
	h.mux.HandleFunc("/", h.page("notfound", http.StatusNotFound))
	return h, nil
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setHeaders(w.Header())
	h.mux.ServeHTTP(w, r)
}
