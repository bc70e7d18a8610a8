package rtmp

import "strings"

// application is the first part of the path of every address that we give out.
const application = "live"

// knownApplication reports whether connect asked for an address of ours. Encoders put the last slash of the address
// where they like, so the key may be part of what they call the application.
func knownApplication(app string) bool {
	p := pathOf(app, "")
	return (len(p) == 1 || len(p) == 2) && p[0] == application
}

// streamKey returns the key of an address /live/<key>, which an encoder has split into application and name somewhere.
// Queries, which some encoders add, are left out.
func streamKey(app, name string) (string, bool) {
	p := pathOf(app, name)
	if len(p) != 2 || p[0] != application {
		return "", false
	}
	return p[1], true
}

// pathOf is the path in its parts, empty ones left out.
func pathOf(app, name string) []string {
	app, _, _ = strings.Cut(app, "?")
	name, _, _ = strings.Cut(name, "?")
	return strings.FieldsFunc(app+"/"+name, func(r rune) bool { return r == '/' })
}
