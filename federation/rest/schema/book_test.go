package schema

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

type listOf[T any] struct {
	Data []T `json:"data"`
}

type answer struct {
	ID     int64              `json:"id"`
	At     *time.Time         `json:"at"`
	More   *string            `json:"more,omitempty" doc:"What else there is."`
	Any    map[string]float64 `json:"any"`
	Inline struct {
		Level string `json:"level" enum:"info,error"`
	} `json:"inline"`
	Next *answer `json:"next"`
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestReplies(t *testing.T) {
	b := Book{At: "#/s/"}
	if got := text(t, b.Reply(reflect.TypeFor[listOf[answer]]())); got != `{"$ref":"#/s/AnswerListOf"}` {
		t.Errorf("a list: %s", got)
	}
	const want = `{"properties":{"any":{"additionalProperties":{"type":"number"},"type":"object"},"at":{"format":"date-time","type":["string","null"]},` +
		`"id":{"type":"integer"},"inline":{"properties":{"level":{"enum":["info","error"],"type":"string"}},"required":["level"],"type":"object"},` +
		`"more":{"description":"What else there is.","type":["string","null"]},"next":{"anyOf":[{"$ref":"#/s/Answer"},{"type":"null"}]}},` +
		`"required":["id","at","any","inline","next"],"type":"object"}`
	if got := text(t, b.Entries()["Answer"]); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestBodies(t *testing.T) {
	b := Book{At: "#/s/"}
	if got := text(t, b.Body(reflect.TypeFor[sample]())); got != `{"$ref":"#/s/Sample"}` {
		t.Errorf("a body: %s", got)
	}
	got := text(t, b.Entries()["Sample"])
	for _, want := range []string{
		`"required":["name"]`, `"name":{"maxLength":5,"minLength":3,"type":"string"}`, `"limit":{"default":15,"maximum":100,"minimum":0,"type":"integer"}`,
		`"tags":{"items":{"minLength":2,"type":"string"},"maxItems":2,"type":"array"}`, `"numbers":{"items":{"enum":[1,2],"type":"integer"},"type":"array"}`,
		`"cleared":{"minLength":2,"type":["string","null"]}`, `"moment":{"format":"date-time","type":["string","null"]}`,
		`"inner":{"anyOf":[{"$ref":"#/s/Inner"},{"type":"null"}]}`, `"upload":{"contentMediaType":"application/octet-stream","type":"string"}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	if got := text(t, b.Parameters(reflect.TypeFor[embedded]())); got != `[{"in":"query","name":"limit","schema":{"default":15,"maximum":100,"minimum":0,"type":"integer"}}]` {
		t.Errorf("parameters: %s", got)
	}
}

// TestOneTypeTwoSchemas refuses a type whose answer has fields that its body need not have.
func TestOneTypeTwoSchemas(t *testing.T) {
	for name, f := range map[string]func(b *Book){
		"otherwise sent": func(b *Book) { b.Reply(reflect.TypeFor[sample]()); b.Body(reflect.TypeFor[sample]()) },
		"same name": func(b *Book) {
			type answer struct {
				X int `json:"x"`
			}
			b.Reply(reflect.TypeFor[answer]())
			b.Reply(reflect.TypeFor[listOf[int]]())
			other(b)
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f(&Book{At: "#/s/"})
		}()
	}
	b := Book{}
	b.Reply(reflect.TypeFor[inner]())
	b.Body(reflect.TypeFor[inner]()) // the same both ways
}

func other(b *Book) { b.Reply(reflect.TypeFor[answer]()) }
