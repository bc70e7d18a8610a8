// Package web owns the pages of a node, in English and in French: home, watch and embed, channels and accounts, the
// log-in, the studio, one's own videos, and the administration. The pages' TypeScript source is in ui; what the binary
// embeds is the built bundle in dist, compressed once at build time (npm run build), and "npm run check" shows that both
// belong together. All that the pages show they read from the JSON interface of federation/rest.
//
// It starts no goroutine. It knows no user and holds no secret: a page is the same for whoever asks, and what it shows is
// decided where it reads. It never serves media or playlists (see relay/hls), and never loads anything from another host.
package web

import (
	"context"
	"log/slog"
	"net/http"
)

// Kind is what a page is about.
type Kind string

// The kinds.
const (
	Video   Kind = "video"   // a live or a replay: by number, UUID, short UUID or alias
	Channel Kind = "channel" // by name
	Account Kind = "account" // by name
)

// Pages is what the pages must know to tell a page from none. It is called once per request and must be cheap.
type Pages interface {
	// Exists says whether there is such a thing, whoever may see it: the page itself says who may not.
	Exists(ctx context.Context, kind Kind, ref string) bool
}

// Handler answers every request for a page and for a file of the bundle. All that it does not know is answered by the
// page for "not found".
type Handler struct {
	pages Pages
	log   *slog.Logger

	files *bundle
	mux   *http.ServeMux
}

// New makes the handler. It fails only if the embedded bundle is not complete, which is a mistake of the build.
func New(pages Pages, log *slog.Logger) (*Handler, error) {
	files, err := openBundle(dist)
	if err != nil {
		return nil, err
	}
	h := &Handler{pages: pages, log: log, files: files, mux: http.NewServeMux()}
	for pattern, name := range map[string]string{
		"/{$}":            "home",
		"/about":          "about",
		"/login":          "login",
		"/setup":          "setup",
		"/studio":         "studio",
		"/my/videos":      "videos",
		"/my/account":     "account",
		"/admin/users":    "users",
		"/admin/limits":   "limits",
		"/admin/storage":  "storage",
		"/admin/instance": "instance",
	} {
		h.mux.HandleFunc("GET "+pattern, h.page(name, http.StatusOK))
	}
	for pattern, about := range map[string]struct {
		name string
		kind Kind
	}{
		"/w/{ref}":            {"watch", Video},
		"/videos/embed/{ref}": {"embed", Video},
		"/studio/{ref}":       {"live", Video},
		"/my/videos/{ref}":    {"video", Video},
		"/c/{ref}":            {"channel", Channel},
		"/a/{ref}":            {"channel", Account},
	} {
		h.mux.HandleFunc("GET "+pattern, h.pageAbout(about.name, about.kind))
	}
	h.mux.Handle("GET /my", http.RedirectHandler("/my/videos", http.StatusFound))
	h.mux.Handle("GET /admin", http.RedirectHandler("/admin/users", http.StatusFound))
	h.mux.HandleFunc("GET /assets/{name}", h.asset)
	h.mux.HandleFunc("/", h.page("notfound", http.StatusNotFound))
	return h, nil
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setHeaders(w.Header())
	h.mux.ServeHTTP(w, r)
}
