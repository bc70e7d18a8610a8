package rest

import (
	"net/http"
	"reflect"
	"slices"
)

// access is who may make a call.
type access uint8

const (
	anyone    access = iota
	user             // whoever is logged in
	owner            // whoever is logged in and owns what the path names; moderators and admins, too
	moderator        // moderators and admins
	admin
)

// subject is what {id} in a path names. It is found before the call is answered, and who may not see it is refused.
type subject uint8

const (
	nothing subject = iota
	ofVideo
	ofLive // a video that is a live
	ofChannel
	ofAccount
	ofUser
)

// Content types of bodies.
const (
	typeJSON      = "application/json"
	typeForm      = "application/x-www-form-urlencoded"
	typeMultipart = "multipart/form-data"
	typeJPEG      = "image/jpeg"
	typePNG       = "image/png"
	typeProblem   = "application/problem+json"
)

// Bounds of bodies, in bytes.
const (
	maxText     = 1 << 20
	maxOpenText = 64 << 10 // of calls that anyone may make
	maxImage    = 4 << 20
)

// operation is one call.
type operation struct {
	id      string // for the document: getVideo
	method  string
	path    string // net/http's pattern
	summary string
	access  access
	of      subject
	// open lets pages of other sites call it, without a log-in of this site's pages: SameSite cookies do not travel.
	open bool
	// own is set for Shoal's own calls: bodies are JSON, and fields that are not known are refused.
	own bool
	// logsIn is set for calls that make a log-in or end one: a token that is void does not keep anybody from it.
	logsIn bool
	// unlocks is set for calls that look themselves whether the caller may see the video: the password is in the body.
	unlocks bool
	// images says that the body may hold pictures: few are taken at once.
	images bool
	// cache lets caches keep the answer to a visitor who is not logged in, as Cache-Control says; "" for no-cache.
	cache string

	query, body, reply reflect.Type // nil for none
	bodyTypes          []string
	replyType          string
	status             int

	run func(*call) error
}

// maxText is how many bytes of text the body may hold.
func (o *operation) maxText() int64 {
	if o.access == anyone {
		return maxOpenText
	}
	return maxText
}

// none is the query, body or reply of a call that has none.
type none struct{}

// raw is an answer that is not JSON.
type raw struct {
	data  []byte
	cache string
}

// imageBody is a body that is a picture.
type imageBody []byte

func typeOf[T any]() reflect.Type {
	if t := reflect.TypeFor[T](); t != reflect.TypeFor[none]() {
		return t
	}
	return nil
}

// answered makes an operation of a description and what answers it.
func answered[Q, B, R any](o operation, f func(*call, *Q, *B) (R, error)) operation {
	o.query, o.body, o.reply = typeOf[Q](), typeOf[B](), typeOf[R]()
	switch o.body {
	case nil:
	case reflect.TypeFor[imageBody]():
		o.bodyTypes = []string{typeJPEG, typePNG}
	default:
		o.bodyTypes = []string{typeJSON, typeForm, typeMultipart}
	}
	if o.status == 0 {
		o.status = http.StatusOK
		if o.reply == nil {
			o.status = http.StatusNoContent
		}
	}
	if o.replyType == "" && o.reply != nil {
		o.replyType = typeJSON
	}
	o.run = func(c *call) error {
		var q Q
		var b B
		if err := c.readQuery(&q); err != nil {
			return err
		}
		done, err := c.readBody(&b)
		if err != nil {
			return err
		}
		defer done()
		reply, err := f(c, &q, &b)
		if err != nil {
			return err
		}
		return c.answer(reply)
	}
	return o
}

// peertube marks calls of PeerTube's API.
func peertube(all ...operation) []operation {
	for i := range all {
		all[i].open = true
		all[i].path = "/api/v1" + all[i].path
	}
	return all
}

// shoal marks Shoal's own calls.
func shoal(all ...operation) []operation {
	for i := range all {
		all[i].own = true
		if slices.Contains(all[i].bodyTypes, typeForm) {
			all[i].bodyTypes = []string{typeJSON}
		}
		all[i].path = "/api/v1/shoal" + all[i].path
	}
	return all
}
