package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"shoal/cluster/state"
	"shoal/federation/rest/schema"
	"shoal/federation/rest/shape"
	"shoal/internal/auth"
	"shoal/internal/catalog"
	"shoal/internal/httpd"
)

// Codes of problems: PeerTube's (packages/models/src/server/server-error-code.enum.ts) and OAuth's (RFC 6749, section 5.2;
// RFC 6750, section 3.1).
const (
	codeInvalidClient      = "invalid_client"
	codeInvalidGrant       = "invalid_grant"
	codeInvalidRequest     = "invalid_request"
	codeInvalidToken       = "invalid_token"
	codeUnauthorized       = "unauthorized_request"
	codeUnsupportedGrant   = "unsupported_grant_type"
	codeAccessDenied       = "access_denied"
	codeNeedsPassword      = "video_requires_password"
	codeLivesOff           = "live_not_enabled"
	codeReplaysOff         = "live_not_allowing_replay"
	codeInstanceLives      = "max_instance_lives_limit_reached"
	codeUserLives          = "max_user_lives_limit_reached"
	codeQuota              = "quota_reached"
	codeTooManyRequests    = "too_many_requests"
	documentationOfErrors  = "https://docs.joinpeertube.org/api-rest-reference.html#section/Errors/"
	unavailableRetryAfter  = 2 * time.Second
	messageOfInternalFault = "the node failed to answer; its log says why"
)

// fault is why a call cannot be answered.
type fault struct {
	status int
	code   string // for programs; "" for none
	detail string // for people: what to do next
	wrong  schema.Mistakes
	where  string // of the mistakes: "body" or "query"
	retry  time.Duration
	cause  error // for the log
}

// Error is for the log.
func (f *fault) Error() string {
	if f.cause != nil {
		return fmt.Sprintf("%d: %s: %v", f.status, f.detail, f.cause)
	}
	return fmt.Sprintf("%d: %s", f.status, f.detail)
}

// Unwrap gives the cause.
func (f *fault) Unwrap() error { return f.cause }

// refuse makes a fault.
func refuse(status int, detail string, args ...any) *fault {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	return &fault{status: status, detail: detail}
}

// refuseAs makes a fault with a code.
func refuseAs(status int, code, detail string) *fault {
	return &fault{status: status, code: code, detail: detail}
}

// mistaken makes a fault of what is wrong with a query or a body.
func mistaken(wrong schema.Mistakes, where string) *fault {
	return &fault{
		status: http.StatusBadRequest, wrong: wrong, where: where,
		detail: "Incorrect request parameters: " + wrong.Error() + ".",
	}
}

// mistake is mistaken for one field of the body.
func mistake(field, text string) *fault {
	return mistaken(schema.Mistakes{{Field: field, Text: text}}, "body")
}

// statuses are those of refusals; others are 400.
var statuses = map[string]int{
	catalog.ErrNotFound.Code:       http.StatusNotFound,
	catalog.ErrNameTaken.Code:      http.StatusConflict,
	catalog.ErrEmailTaken.Code:     http.StatusConflict,
	catalog.ErrUUIDTaken.Code:      http.StatusConflict,
	catalog.ErrKeyTaken.Code:       http.StatusConflict,
	catalog.ErrDeclared.Code:       http.StatusConflict,
	catalog.ErrLastChannel.Code:    http.StatusConflict,
	catalog.ErrLimitChannels.Code:  http.StatusBadRequest,
	catalog.ErrBlocked.Code:        http.StatusForbidden,
	catalog.ErrLimitLives.Code:     http.StatusForbidden,
	catalog.ErrLimitUserLives.Code: http.StatusForbidden,
	catalog.ErrQuota.Code:          http.StatusForbidden,
	auth.ErrWrong.Code:             http.StatusUnauthorized,
	auth.ErrToken.Code:             http.StatusUnauthorized,
	auth.ErrMediaToken.Code:        http.StatusForbidden,
	auth.ErrVideoPassword.Code:     http.StatusForbidden,
}

// codes are PeerTube's names of refusals.
var codes = map[string]string{
	catalog.ErrLimitLives.Code:     codeInstanceLives,
	catalog.ErrLimitUserLives.Code: codeUserLives,
	catalog.ErrQuota.Code:          codeQuota,
}

// toFault makes a fault of any error.
func toFault(err error) *fault {
	var (
		f        *fault
		refusal  *state.Refusal
		tooLarge *http.MaxBytesError
		known    *httpd.Error
		throttle *auth.ErrThrottled
	)
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &throttle):
		return &fault{
			status: http.StatusTooManyRequests, code: codeTooManyRequests, retry: throttle.RetryAfter,
			detail: "Too many attempts: wait, then try again.",
		}
	case errors.As(err, &refusal):
		f = refuseAs(http.StatusBadRequest, refusal.Code, refusal.Text)
		if s, ok := statuses[refusal.Code]; ok {
			f.status = s
		}
		if c, ok := codes[refusal.Code]; ok {
			f.code = c
		}
		return f
	case errors.Is(err, state.ErrUnavailable):
		return &fault{
			status: http.StatusServiceUnavailable, retry: unavailableRetryAfter, cause: err,
			detail: "The node cannot take changes now; try again in a moment. If that goes on, an admin finds the reason under Status.",
		}
	case errors.Is(err, state.ErrUnknownOutcome):
		return &fault{
			status: http.StatusServiceUnavailable, cause: err,
			detail: "It is not known whether the change was made: look first, then try again.",
		}
	case errors.As(err, &tooLarge):
		return refuse(http.StatusRequestEntityTooLarge, "The body is too large: at most %d bytes are taken here.", tooLarge.Limit)
	case errors.As(err, &known):
		return &fault{status: known.Status, detail: known.Message, cause: known.Cause}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &fault{status: http.StatusServiceUnavailable, detail: "The call was given up.", cause: err}
	}
	return &fault{status: http.StatusInternalServerError, detail: messageOfInternalFault, cause: err}
}

// problem is a fault as it is answered.
func (f *fault) problem() shape.Problem {
	p := shape.Problem{
		Type: "about:blank", Title: http.StatusText(f.status), Status: f.status, Detail: f.detail, Error: f.detail, Code: f.code,
	}
	if f.code != "" {
		p.Type = documentationOfErrors + f.code
	}
	for _, m := range f.wrong {
		if m.Field == "" {
			continue
		}
		if p.InvalidParams == nil {
			p.InvalidParams = map[string]shape.InvalidParam{}
		}
		p.InvalidParams[m.Field] = shape.InvalidParam{Msg: m.Text, Path: m.Field, Location: f.where}
	}
	return p
}

// write answers with the fault, unless the answer has begun.
func (f *fault) write(w http.ResponseWriter) {
	h := w.Header()
	for _, name := range []string{"Content-Length", "Etag", "Last-Modified"} {
		h.Del(name)
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if f.retry > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((f.retry+time.Second-1)/time.Second), 10))
	}
	if f.status == http.StatusUnauthorized {
		challenge := "Bearer"
		if strings.HasPrefix(f.code, "invalid_") {
			challenge += ` error="` + f.code + `"`
		}
		h.Set("WWW-Authenticate", challenge)
	}
	w.WriteHeader(f.status)
	// Whoever hung up has no use for the rest: the error has nobody to go to.
	_ = json.NewEncoder(w).Encode(f.problem())
}
