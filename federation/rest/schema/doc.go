// Package schema owns how a call's query, body and reply are told by Go types: it reads foreign JSON, forms and queries
// into them, holds what came against their tags, and writes the JSON Schema (draft 2020-12, as OpenAPI 3.1 uses it) of the
// same types, so that what is documented and what is checked cannot differ.
//
// It starts no goroutine and does no I/O. It never knows a call, and never lets input panic or cost more than its bytes
// are worth: depth, fields and items are bounded.
//
// Tags of a field, beside json:
//
//	rule     words and bounds, with commas between: required; line (one line, no control characters); min, max (of a
//	         number; of a text's characters; of a list's items)
//	item     the same for the items of a list
//	enum     the values that may be given, with commas between
//	default  what a query's parameter is if it is not given
//	format   of JSON Schema: "uri", "uuid", ...
//	doc      a sentence for people
package schema
