package web

import "net/http"

// page serves one of the built pages in the language that the reader prefers.
func (h *Handler) page(name string, status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { h.servePage(w, r, name, status) }
}

// pageAbout serves a page about something, or the page for "not found" with its status if that is not there.
func (h *Handler) pageAbout(name string, kind Kind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if name == "embed" {
			allowFraming(w.Header())
		}
		if !h.pages.Exists(r.Context(), kind, r.PathValue("ref")) {
			h.servePage(w, r, "notfound", http.StatusNotFound)
			return
		}
		h.servePage(w, r, name, http.StatusOK)
	}
}

func (h *Handler) servePage(w http.ResponseWriter, r *http.Request, name string, status int) {
	lang := preferred(r.Header.Get("Accept-Language"), h.files.languages)
	f := h.files.pages[lang+"/"+name]
	head := w.Header()
	head.Add("Vary", "Accept-Language")
	head.Set("Content-Language", lang)
	head.Set("Cache-Control", "no-cache") // may be kept, must be asked for: the ETag makes that cheap
	if status == http.StatusOK {
		head.Set("ETag", f.etag)
		if matches(r.Header.Get("If-None-Match"), f.etag) {
			head.Add("Vary", "Accept-Encoding")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.send(w, r, f, status)
}

// asset serves a file whose name holds the hash of its content: it can be kept for ever.
func (h *Handler) asset(w http.ResponseWriter, r *http.Request) {
	f, ok := h.files.assets[r.PathValue("name")]
	if !ok {
		h.servePage(w, r, "notfound", http.StatusNotFound)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	h.send(w, r, f, http.StatusOK)
}

func (h *Handler) send(w http.ResponseWriter, r *http.Request, f *file, status int) {
	if err := f.send(w, r, status); err != nil {
		h.log.DebugContext(r.Context(), "a page was not sent to its end", "path", r.URL.Path, "error", err)
	}
}
