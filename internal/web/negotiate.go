package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// weighted is one entry of an Accept-* header.
type weighted struct {
	value string
	q     float64
}

// parseAccept reads a list of values with weights (RFC 9110, section 12.4.2), the heaviest first; what weighs nothing
// stays in the list, at its end. Entries that make no sense are left out.
func parseAccept(header string) []weighted {
	var list []weighted
	for entry := range strings.SplitSeq(header, ",") {
		value, params, _ := strings.Cut(entry, ";")
		value = strings.ToLower(strings.TrimSpace(value))
		if value == "" {
			continue
		}
		q := 1.0
		if w, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(w, 64); err != nil || !(q >= 0 && q <= 1) {
				continue
			}
		}
		list = append(list, weighted{value, q})
	}
	slices.SortStableFunc(list, func(a, b weighted) int { return cmp.Compare(b.q, a.q) })
	return list
}

// preferred chooses among languages by an Accept-Language header; the first one if none of them is wanted. A region
// does not matter: "fr-CA" gets "fr".
func preferred(header string, languages []string) string {
	for _, want := range parseAccept(header) {
		primary, _, _ := strings.Cut(want.value, "-")
		if want.q > 0 && slices.Contains(languages, primary) {
			return primary
		}
	}
	return languages[0]
}

// acceptsGzip reads an Accept-Encoding header: what it says of gzip, else what it says of all the rest.
func acceptsGzip(header string) bool {
	rest := false
	for _, want := range parseAccept(header) {
		switch want.value {
		case "gzip":
			return want.q > 0
		case "*":
			rest = want.q > 0
		}
	}
	return rest
}
