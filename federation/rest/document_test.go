package rest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// document is the API's own, as a client reads it.
type document struct {
	Paths map[string]map[string]struct {
		OperationID string                    `json:"operationId"`
		Access      string                    `json:"x-access"`
		Responses   map[string]map[string]any `json:"responses"`
		Parameters  []map[string]any          `json:"parameters"`
		RequestBody map[string]any            `json:"requestBody"`
		Security    []map[string]any          `json:"security"`
	} `json:"paths"`
	Components struct {
		Schemas   map[string]map[string]any `json:"schemas"`
		Responses map[string]map[string]any `json:"responses"`
	} `json:"components"`
}

var parsedDocuments sync.Map // of *API to *document

func (s *stand) document() *document {
	if d, ok := parsedDocuments.Load(s.api); ok {
		return d.(*document)
	}
	d := &document{}
	if err := json.Unmarshal(s.api.document, d); err != nil {
		s.t.Fatal(err)
	}
	parsedDocuments.Store(s.api, d)
	s.t.Cleanup(func() { parsedDocuments.Delete(s.api) })
	return d
}

// holdAgainstDocument fails if the document does not foresee an answer.
func (s *stand) holdAgainstDocument(r *http.Request, a answer) {
	s.t.Helper()
	_, pattern := s.api.muxOf(r.URL.Path).Handler(r)
	method, path, ok := strings.Cut(pattern, " ")
	if !ok || a.Code == http.StatusNotModified || r.Method == http.MethodHead {
		return
	}
	d := s.document()
	op, ok := d.Paths[path][strings.ToLower(method)]
	if !ok {
		s.t.Fatalf("%s is not in the document", pattern)
	}
	response, ok := op.Responses[strconv.Itoa(a.Code)]
	if !ok {
		response = op.Responses["default"]
	}
	if ref, ok := response["$ref"].(string); ok {
		response = d.Components.Responses[strings.TrimPrefix(ref, "#/components/responses/")]
	}
	content, _ := response["content"].(map[string]any)
	if len(content) == 0 {
		if a.Body.Len() > 0 {
			s.t.Errorf("%s answered %d with a body: %s", a.call, a.Code, a.Body)
		}
		return
	}
	kind, ok := content[a.Header().Get("Content-Type")].(map[string]any)
	if !ok {
		s.t.Errorf("%s answered %d with %q; the document has %v", a.call, a.Code, a.Header().Get("Content-Type"), slices.Collect(maps.Keys(content)))
		return
	}
	if !strings.Contains(a.Header().Get("Content-Type"), "json") {
		return
	}
	var v any
	if err := json.Unmarshal(a.Body.Bytes(), &v); err != nil {
		s.t.Errorf("%s: %v", a.call, err)
	}
	if wrong := d.check("", kind["schema"].(map[string]any), v); wrong != "" {
		s.t.Errorf("%s answered what the document does not have: %s", a.call, wrong)
	}
}

// check holds a value against a schema; "" if it fits. Properties that the schema does not have do not fit: this is our
// document of our answers.
func (d *document) check(at string, s map[string]any, v any) string {
	if ref, ok := s["$ref"].(string); ok {
		target, ok := d.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
		if !ok {
			return ref + " is not there"
		}
		return d.check(at, target, v)
	}
	if choices, ok := s["anyOf"].([]any); ok {
		var wrong string
		for _, one := range choices {
			if wrong = d.check(at, one.(map[string]any), v); wrong == "" {
				return ""
			}
		}
		return wrong
	}
	if enum, ok := s["enum"].([]any); ok && !slices.Contains(enum, v) {
		return fmt.Sprintf("%s is %v, none of %v", at, v, enum)
	}
	if s["type"] == nil {
		return ""
	}
	types, ok := s["type"].([]any)
	if !ok {
		types = []any{s["type"]}
	}
	if !slices.Contains(types, any(typeOfJSON(v))) && !(slices.Contains(types, any("integer")) && isWhole(v)) {
		return fmt.Sprintf("%s is a %s, not %v", at, typeOfJSON(v), types)
	}
	switch v := v.(type) {
	case []any:
		items, _ := s["items"].(map[string]any)
		for i, one := range v {
			if wrong := d.check(fmt.Sprintf("%s[%d]", at, i), items, one); wrong != "" {
				return wrong
			}
		}
	case map[string]any:
		return d.checkObject(at, s, v)
	}
	return ""
}

func (d *document) checkObject(at string, s, v map[string]any) string {
	properties, _ := s["properties"].(map[string]any)
	others, hasOthers := s["additionalProperties"].(map[string]any)
	for name, one := range v {
		p, ok := properties[name].(map[string]any)
		switch {
		case !ok && hasOthers:
			p = others
		case !ok && properties != nil:
			return at + "." + name + " is not foreseen"
		case !ok:
			continue
		}
		if wrong := d.check(at+"."+name, p, one); wrong != "" {
			return wrong
		}
	}
	required, _ := s["required"].([]any)
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			return at + "." + name.(string) + " is missing"
		}
	}
	return ""
}

func typeOfJSON(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

func isWhole(v any) bool {
	n, ok := v.(float64)
	return ok && n == float64(int64(n))
}

// testDocument holds the document against the table, and the table against the golden list of calls.
func testDocument(t *testing.T, s *stand) {
	again, err := describe(s.api.operations, "1.2.3")
	if err != nil || !bytes.Equal(again, s.api.document) {
		t.Fatalf("the same table makes another document: %v", err)
	}
	d := s.document()
	ids := map[string]bool{}
	var list strings.Builder
	for i := range s.api.operations {
		o := &s.api.operations[i]
		op, ok := d.Paths[o.path][strings.ToLower(o.method)]
		if !ok || op.OperationID != o.id || ids[o.id] {
			t.Errorf("%s %s: %q in the document, want %q, and each once", o.method, o.path, op.OperationID, o.id)
		}
		ids[o.id] = true
		if (op.Security != nil) != (o.access != anyone) {
			t.Errorf("%s: the document does not say who may call", o.id)
		}
		for _, m := range wildcard.FindAllStringSubmatch(o.path, -1) {
			if !slices.ContainsFunc(op.Parameters, func(p map[string]any) bool { return p["in"] == "path" && p["name"] == m[1] }) {
				t.Errorf("%s: the parameter %s is missing", o.id, m[1])
			}
		}
		fmt.Fprintf(&list, "%s %s %s %d", o.method, o.path, op.Access, o.status)
		if o.body != nil {
			fmt.Fprintf(&list, " takes %s", strings.Join(o.bodyTypes, ", "))
		}
		list.WriteByte('\n')
	}
	for _, ref := range references(string(s.api.document)) {
		name, kind := ref[strings.LastIndexByte(ref, '/')+1:], strings.Contains(ref, "/schemas/")
		if kind && d.Components.Schemas[name] == nil || !kind && d.Components.Responses[name] == nil {
			t.Errorf("%s is not in the document", ref)
		}
	}
	golden(t, "operations.golden", list.String())
}

// references lists what a document refers to.
func references(doc string) []string {
	var all []string
	for _, part := range strings.Split(doc, `"$ref": "`)[1:] {
		ref, _, _ := strings.Cut(part, `"`)
		all = append(all, ref)
	}
	return all
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (run with -update and look at the change):\n%s", name, got)
	}
}

// testServedDocument gets it as a client does.
func testServedDocument(t *testing.T, s *stand) {
	a := s.do("", "GET", "/api/v1/shoal/openapi.json", nil).want(http.StatusOK)
	a.is("openapi", "3.1.0", "info.version", "1.2.3")
	tag := a.Header().Get("Etag")
	if tag == "" || a.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("headers %v", a.Header())
	}
	s.do("", "GET", "/api/v1/shoal/openapi.json", nil, header("If-None-Match", `"x", W/`+tag)).want(http.StatusNotModified)
}
