package auth

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	accessCookie  = "shoal_access"
	refreshCookie = "shoal_refresh"
	// refreshPath is the only place that the refresh token is sent to.
	refreshPath = "/api/v1/shoal/session"
)

// FromRequest finds the access token of a request: that of the Authorization header (RFC 6750, section 2.1), as programs send
// it, or that of the pages' cookie. "" if there is none, or if the cookie does not count: browsers send cookies along whoever
// makes them ask, so what changes something must come from our own pages.
func FromRequest(r *http.Request) string {
	if h := r.Header.Get("Authorization"); h != "" {
		if scheme, token, ok := strings.Cut(h, " "); ok && strings.EqualFold(scheme, "Bearer") {
			return strings.TrimSpace(token)
		}
		return ""
	}
	return fromCookie(r, accessCookie)
}

// RefreshFromRequest finds the refresh token of the pages' cookie, under the same rule.
func RefreshFromRequest(r *http.Request) string { return fromCookie(r, refreshCookie) }

func fromCookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil || !ownPage(r) {
		return ""
	}
	return c.Value
}

// ownPage says whether a request comes from a page of this node, or changes nothing. Browsers say where a request comes from
// (Fetch Metadata, section 2.3; RFC 6454, section 7.3) and let no page change that; who says nothing is no browser and has no
// business with cookies.
func ownPage(r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" { // only where TLS or loopback makes it trustworthy
		return site == "same-origin"
	}
	origin, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && origin.Host != "" && strings.EqualFold(origin.Host, r.Host)
}

// SetCookies gives a log-in to the pages.
func SetCookies(w http.ResponseWriter, r *http.Request, p Pair) {
	setCookie(w, r, accessCookie, "/", p.Access, p.AccessTTL)
	setCookie(w, r, refreshCookie, refreshPath, p.Refresh, p.RefreshTTL)
}

// ClearCookies takes a log-in from the pages. Not after a refresh that was refused: another tab may have been faster, and
// then the browser has the new tokens already.
func ClearCookies(w http.ResponseWriter, r *http.Request) {
	setCookie(w, r, accessCookie, "/", "", 0)
	setCookie(w, r, refreshCookie, refreshPath, "", 0)
}

func setCookie(w http.ResponseWriter, r *http.Request, name, path, value string, ttl time.Duration) {
	c := &http.Cookie{
		Name: name, Value: value, Path: path, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		// A proxy in front may be the one that speaks TLS; whoever lies about it harms only themselves.
		Secure: r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https"),
		MaxAge: int(ttl / time.Second),
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}
