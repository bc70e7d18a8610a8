package web

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// api is the path of Shoal's own JSON interface. What is compatible with PeerTube lies beside it, under /api/v1/.
const api = "/api/v1/shoal/"

// node is the answer to GET node.
type node struct {
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	Source   string    `json:"source,omitempty"`
	RTMPPort int       `json:"rtmpPort,omitempty"`
	Encoder  []Encoder `json:"encoder,omitempty"` // only where Info names encoders
	Hosts    []string  `json:"hosts,omitempty"`   // only for a page that was opened as localhost
}

// problem is the body of an error (RFC 9457).
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func (h *Handler) listLives(w http.ResponseWriter, r *http.Request) {
	lives := h.lives.Lives()
	if lives == nil {
		lives = []Live{}
	}
	h.json(w, r, http.StatusOK, struct {
		Lives []Live `json:"lives"`
	}{lives})
}

func (h *Handler) getLive(w http.ResponseWriter, r *http.Request) {
	live, ok := h.lives.Live(r.PathValue("id"))
	if !ok {
		h.problem(w, r, "There is no such live here. GET "+api+"lives lists those that are.")
		return
	}
	h.json(w, r, http.StatusOK, live)
}

func (h *Handler) getNode(w http.ResponseWriter, r *http.Request) {
	n := node{
		Name: h.info.Name, Version: h.info.Version, Source: h.info.Source,
		RTMPPort: h.info.RTMPPort, Encoder: h.info.Encoders,
	}
	if h.info.Hosts != nil && fromLoopback(r) {
		n.Hosts = h.info.Hosts()
	}
	h.json(w, r, http.StatusOK, n)
}

func (h *Handler) noSuchCall(w http.ResponseWriter, r *http.Request) {
	h.problem(w, r, "There is no such call. The calls are GET "+api+"lives, lives/<id> and node.")
}

// fromLoopback says that the page was opened on the node itself, by a name that means nothing elsewhere. The connection
// counts beside the name, because anybody can write a Host header.
func fromLoopback(r *http.Request) bool {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !remote.Addr().Unmap().IsLoopback() {
		return false
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func (h *Handler) problem(w http.ResponseWriter, r *http.Request, detail string) {
	h.json(w, r, http.StatusNotFound, problem{Title: "Not found", Status: http.StatusNotFound, Detail: detail})
}

// json writes an answer that nobody may keep: states change from one second to the next.
func (h *Handler) json(w http.ResponseWriter, r *http.Request, status int, body any) {
	out, err := json.Marshal(body)
	if err != nil {
		h.log.ErrorContext(r.Context(), "the answer of the pages' interface cannot be written as JSON", "path", r.URL.Path, "error", err)
		http.Error(w, "The node cannot answer: see its log.", http.StatusInternalServerError)
		return
	}
	kind := "application/json"
	if status >= 400 {
		kind = "application/problem+json"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append(out, '\n')) // an error here is a client that went away
	}
}
