package rest

import (
	"cmp"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"shoal/internal/audience"
	"shoal/internal/auth"
	"shoal/internal/catalog"
)

// API answers the instance's calls. Safe for concurrent use.
type API struct {
	Options
	catalog  *catalog.Catalog
	auth     *auth.Auth
	audience *audience.Audience
	log      *slog.Logger
	public   origin // zero to go by the request
	now      func() time.Time

	operations []operation
	mux        *http.ServeMux // all but what follows
	lives      *http.ServeMux // calls below livesPrefix
	document   []byte         // OpenAPI

	images slots
}

// livesPrefix is where a second mux answers: "/videos/live/{id}" and "/videos/{id}/token" both match "/videos/live/token",
// and one mux takes no two patterns of which neither is the more special.
const livesPrefix = "/api/v1/videos/live/"

// MaxBody is the largest body that a call takes, in bytes: the server in front must let so much through.
const MaxBody = maxText + 2*maxImage + slack

// Prefixes are what New's handler is to be mounted at.
var Prefixes = []string{"/api/v1/", "/lazy-static/"}

// New makes an API; an error if the public URL is none.
func New(o Options) (*API, error) {
	a := &API{
		Options: o, catalog: o.Catalog, auth: o.Auth, audience: o.Audience, log: o.Log,
		now:    time.Now,
		mux:    http.NewServeMux(),
		lives:  http.NewServeMux(),
		images: newSlots(),
	}
	if o.PublicURL != "" {
		var err error
		if a.public, err = parsePublicURL(o.PublicURL); err != nil {
			return nil, err
		}
	}
	a.operations = a.table()
	for i := range a.operations {
		op := &a.operations[i]
		a.muxOf(op.path).Handle(op.method+" "+op.path, a.handler(op))
	}
	for _, m := range []*http.ServeMux{a.mux, a.lives} {
		m.HandleFunc("/", a.noSuchCall)
	}
	var err error
	a.document, err = describe(a.operations, o.Version)
	return a, err
}

// table lists all operations, in the order of the document.
func (a *API) table() []operation {
	return slices.Concat(
		peertube(a.oauthCalls()...), peertube(a.meCalls()...), peertube(a.userCalls()...),
		peertube(a.videoCalls()...), peertube(a.liveCalls()...),
		peertube(a.channelCalls()...), peertube(a.accountCalls()...), peertube(a.instanceCalls()...),
		shoal(a.nodeCalls()...), shoal(a.pageCalls()...), shoal(a.sessionCalls()...), shoal(a.studioCalls()...), shoal(a.adminCalls()...),
		a.pictureCalls(),
	)
}

func (a *API) muxOf(path string) *http.ServeMux {
	if strings.HasPrefix(path, livesPrefix) {
		return a.lives
	}
	return a.mux
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.muxOf(r.URL.Path).ServeHTTP(w, r) }

// handler answers the requests of one operation.
func (a *API) handler(op *operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if op.open {
			allowOrigins(w.Header())
		}
		if err := op.serve(a, w, r); err != nil {
			a.fail(w, r, op.id, err)
		}
	}
}

// fail answers with an error, and logs what is the node's own fault.
func (a *API) fail(w http.ResponseWriter, r *http.Request, id string, err error) {
	f := toFault(err)
	if f.status >= http.StatusInternalServerError && f.status != http.StatusServiceUnavailable {
		a.log.ErrorContext(r.Context(), "a call failed", "call", id, "status", f.status, "error", cmp.Or(f.cause, err))
	}
	f.write(w)
}

// allowOrigins lets pages of all sites read an answer. They never send this site's cookies along, so that they read what
// any visitor may, or what their own token is for.
func allowOrigins(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Retry-After")
}

// methods are all that any call has.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}

// noSuchCall answers what no operation does: 404, 405, or what a browser asks before it lets a page call.
func (a *API) noSuchCall(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	open := false
	for _, m := range methods {
		probe := r.Clone(r.Context())
		probe.Method = m
		if _, pattern := a.muxOf(r.URL.Path).Handler(probe); pattern != "/" && pattern != "" {
			allowed = append(allowed, m)
			i := slices.IndexFunc(a.operations, func(o operation) bool { return o.method+" "+o.path == pattern })
			open = open || i >= 0 && a.operations[i].open
		}
	}
	switch {
	case len(allowed) == 0:
		a.fail(w, r, "", refuse(http.StatusNotFound, "There is no such call. GET /api/v1/shoal/openapi.json lists those that are."))
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		if open {
			allowOrigins(w.Header())
			w.Header().Set("Access-Control-Allow-Methods", strings.Join(allowed, ", "))
			w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, "+headerVideoPassword)
			w.Header().Set("Access-Control-Max-Age", "86400")
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		a.fail(w, r, "", refuse(http.StatusMethodNotAllowed, "This call takes %s only.", strings.Join(allowed, " and ")))
	}
}
