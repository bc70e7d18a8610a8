package schema

import (
	"encoding/json"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

type inner struct {
	Privacy int64 `json:"privacy" rule:"required" enum:"1,2,3"`
}

type embedded struct {
	Limit int `json:"limit" rule:"min=0,max=100" default:"15"`
}

type sample struct {
	embedded
	Name     string               `json:"name" rule:"required,line,min=3,max=5"`
	Text     *string              `json:"text" rule:"max=10"`
	Flag     *bool                `json:"flag"`
	Number   int64                `json:"number" rule:"min=-1"`
	Small    uint8                `json:"small"`
	Share    float64              `json:"share" rule:"max=1"`
	Tags     []string             `json:"tags" rule:"max=2" item:"min=2"`
	Numbers  []int64              `json:"numbers" enum:"1,2"`
	Inner    *inner               `json:"inner"`
	Cleared  Clearable[string]    `json:"cleared" rule:"min=2"`
	Moment   Clearable[time.Time] `json:"moment"`
	Lists    Clearable[[]string]  `json:"lists"`
	Upload   *File                `json:"upload"`
	Kind     string               `json:"kind" enum:"a,b" default:"a"`
	Untagged string               `json:"-"`
}

// decodeJSON reads a JSON text as an own call does, or leniently.
func decodeJSON(t *testing.T, text string, mode Mode) (sample, error) {
	t.Helper()
	var s sample
	tree, err := FromJSON([]byte(text))
	if err == nil {
		err = Decode(tree, &s, mode)
	}
	return s, err
}

func decodeForm(t *testing.T, form string) (sample, error) {
	t.Helper()
	values, err := url.ParseQuery(form)
	if err != nil {
		t.Fatal(err)
	}
	var s sample
	tree, err := FromValues(values)
	if err == nil {
		err = Decode(tree, &s, Mode{Lenient: true, Form: true})
	}
	return s, err
}

func TestDecodeJSON(t *testing.T) {
	s, err := decodeJSON(t, `{"name":"Anna","text":"x","flag":false,"number":-1,"small":255,"share":0.5,"tags":["aa","bb"],"numbers":[2,1],
		"inner":{"privacy":3},"cleared":null,"moment":"2026-01-02T03:04:05+02:00","limit":7,"kind":"b"}`, Mode{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "Anna" || *s.Text != "x" || *s.Flag || s.Number != -1 || s.Small != 255 || s.Share != 0.5 || s.Limit != 7 || s.Kind != "b" ||
		!reflect.DeepEqual(s.Tags, []string{"aa", "bb"}) || !reflect.DeepEqual(s.Numbers, []int64{2, 1}) || s.Inner.Privacy != 3 {
		t.Errorf("%+v", s)
	}
	if !s.Cleared.Set || *s.Cleared.Pointer() != "" || s.Lists.Pointer() != nil || !s.Moment.Value.Equal(time.Date(2026, 1, 2, 1, 4, 5, 0, time.UTC)) {
		t.Errorf("%+v", s)
	}
	if s, err := decodeJSON(t, `{"name":"Anna"}`, Mode{Strict: true}); err != nil || s.Limit != 15 || s.Kind != "a" || s.Flag != nil || s.Cleared.Set {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestDecodeMistakes(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                                              "name is missing",
		`{"name":null}`:                                   "name is missing",
		`{"name":"An"}`:                                   "name must have 3 to 5 characters",
		`{"name":"Annabel"}`:                              "name must have 3 to 5 characters",
		`{"name":"An\na"}`:                                "name must not have control characters",
		`{"name":7}`:                                      "name must be one text",
		`{"name":"Anna","text":"a\u0000"}`:                "text must not have control characters",
		`{"name":"Anna","text":"12345678901"}`:            "text must have at most 10 characters",
		`{"name":"Anna","flag":"true"}`:                   "flag must be true or false",
		`{"name":"Anna","number":null}`:                   "number must not be null",
		`{"name":"Anna","number":"1"}`:                    "number must be a whole number",
		`{"name":"Anna","number":1.5}`:                    "number must be a whole number",
		`{"name":"Anna","number":1e3}`:                    "number must be a whole number",
		`{"name":"Anna","number":-2}`:                     "number must be at least -1",
		`{"name":"Anna","number":9223372036854775808}`:    "number must be a whole number",
		`{"name":"Anna","small":256}`:                     "small must be a whole number",
		`{"name":"Anna","small":-1}`:                      "small must be a whole number",
		`{"name":"Anna","share":1.01}`:                    "share must be at most 1",
		`{"name":"Anna","share":1e999}`:                   "share must be a number",
		`{"name":"Anna","limit":101}`:                     "limit must be from 0 to 100",
		`{"name":"Anna","tags":"aa"}`:                     "tags must be a list",
		`{"name":"Anna","tags":["aa","bb","cc"]}`:         "tags must have at most 2 items",
		`{"name":"Anna","tags":["aa",null]}`:              "tags[1] must not be null",
		`{"name":"Anna","tags":["a"]}`:                    "tags[0] must have at least 2 characters",
		`{"name":"Anna","numbers":[3]}`:                   "numbers[0] must be one of 1, 2",
		`{"name":"Anna","inner":[]}`:                      "inner must be an object",
		`{"name":"Anna","inner":{}}`:                      "inner.privacy is missing",
		`{"name":"Anna","inner":{"privacy":4}}`:           "inner.privacy must be one of 1, 2, 3",
		`{"name":"Anna","cleared":"a"}`:                   "cleared must have at least 2 characters",
		`{"name":"Anna","moment":"yesterday"}`:            "moment must be a time such as 2026-01-31T20:00:00Z",
		`{"name":"Anna","upload":"x"}`:                    "upload must be a file",
		`{"name":"Anna","kind":"c"}`:                      "kind must be one of a, b",
		`{"name":"Anna","b":1,"a":1}`:                     "a is not known here; b is not known here",
		`{"name":"","number":-5}`:                         "name must have 3 to 5 characters; number must be at least -1",
		`[]`:                                              "must be an object",
		`null`:                                            "must be an object",
		`{"name":"Anna"}x`:                                "must be one JSON text, with nothing behind it",
		`{"name":`:                                        "must be JSON",
		strings.Repeat("[", 17) + strings.Repeat("]", 17): "must not nest deeper than 16",
	} {
		_, err := decodeJSON(t, text, Mode{Strict: true})
		var m Mistakes
		if !errors.As(err, &m) || err.Error() != want {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
	many := strings.TrimSuffix(strings.Repeat(`"x",`, 50), ",")
	type long struct {
		List []int64 `json:"list"`
	}
	tree, err := FromJSON([]byte(`{"list":[` + many + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	var m Mistakes
	if err := Decode(tree, &long{}, Mode{}); !errors.As(err, &m) || len(m) != maxMistakes {
		t.Errorf("%d mistakes are told; want %d", len(m), maxMistakes)
	}
}

// TestMarks sees that no JSON text makes a tree that is much larger than itself.
func TestMarks(t *testing.T) {
	for _, tc := range []struct {
		what, text string
		ok         bool
	}{
		{"a list as long as may be", `[` + strings.Repeat(`0,`, maxMarks) + `0]`, true},
		{"a longer list", `[` + strings.Repeat(`0,`, maxMarks+1) + `0]`, false},
		{"groups", `[` + strings.Repeat(`{"a":0},`, maxMarks/2) + `{"a":0}]`, false},
		{"empty lists", `[[],` + strings.Repeat(`[],`, maxMarks) + `[]]`, false},
		{"marks in a string", `"` + strings.Repeat(`,:\"`, maxMarks) + `"`, true},
	} {
		if _, err := FromJSON([]byte(tc.text)); (err == nil) != tc.ok {
			t.Errorf("%s: %v", tc.what, err)
		}
	}
}

func TestLenient(t *testing.T) {
	s, err := decodeJSON(t, `{"name":"Anna","number":"7","flag":"1","tags":"aa","inner":{"privacy":"2"},"more":{"a":1},"limit":null}`, Mode{Lenient: true})
	if err != nil || s.Number != 7 || !*s.Flag || len(s.Tags) != 1 || s.Inner.Privacy != 2 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestForms(t *testing.T) {
	s, err := decodeForm(t, "name=Anna&number=7&flag=false&tags[1]=bb&tags[0]=aa&inner[privacy]=2&cleared=null&lists[]=x&lists[]=y&more[a][b][]=1&text=&share=")
	if err != nil {
		t.Fatal(err)
	}
	if s.Number != 7 || *s.Flag || !reflect.DeepEqual(s.Tags, []string{"aa", "bb"}) || s.Inner.Privacy != 2 || !s.Cleared.Set ||
		!reflect.DeepEqual(s.Lists.Value, []string{"x", "y"}) || *s.Text != "" || s.Share != 0 {
		t.Errorf("%+v", s)
	}
	for form, want := range map[string]string{
		"name=Anna&name=Otto":                            "name must be one text",
		"name=Anna&number=7&number[a]=8":                 "number must be either a value or a group of fields",
		"name=Anna&tags[x]=aa":                           "tags[0] must be one text", // a group, taken for a list of one
		"name=Anna&inner[privacy][x]=1":                  "inner.privacy must be a whole number",
		"name=Anna&[x]=1":                                "[x] is not a name that can be read",
		"name=Anna&a[b=1":                                "a[b is not a name that can be read",
		"name=Anna&a[b]c=1":                              "a[b]c is not a name that can be read",
		"name=Anna&a" + strings.Repeat("[x]", 16) + "=1": "a" + strings.Repeat("[x]", 16) + " is not a name that can be read",
		strings.Repeat("a=1&", 1001):                     "must not have more than 1000 fields",
	} {
		if _, err := decodeForm(t, form); err == nil || err.Error() != want {
			t.Errorf("%.60s: %v; want %s", form, err, want)
		}
	}
	// An index costs nothing.
	if s, err := decodeForm(t, "name=Anna&tags[2000000000]=bb&tags[7]=aa"); err != nil || !reflect.DeepEqual(s.Tags, []string{"aa", "bb"}) {
		t.Errorf("%+v, %v", s.Tags, err)
	}
}

func TestWrongTags(t *testing.T) {
	for name, v := range map[string]any{
		"no name": &struct{ A string }{},
		"a rule that is none": &struct {
			A string `json:"a" rule:"often"`
		}{},
		"a bound that is none": &struct {
			A string `json:"a" rule:"min=x"`
		}{},
		"a name twice": &struct {
			inner
			Other string `json:"privacy"`
		}{},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			_ = Decode(map[string]any{}, v, Mode{})
		}()
	}
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{"name":"Anna","tags":["aa"],"inner":{"privacy":1},"cleared":null}`, `[[[`, `{"a":"\u0000"}`, "\"\\", `{"number":1e400}`} {
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, strict bool) {
		tree, err := FromJSON(data)
		if err != nil {
			if deepest, marks := measure(data); json.Valid(data) && deepest <= maxDepth && marks <= maxMarks {
				t.Errorf("%q is JSON: %v", data, err)
			}
			return
		}
		var s sample
		if Decode(tree, &s, Mode{Strict: strict, Lenient: !strict}) == nil {
			hold(t, &s)
		}
	})
}

func FuzzForm(f *testing.F) {
	for _, seed := range []string{"name=Anna&tags[0]=aa&inner[privacy]=1", "a[]=1&a[0]=2&a=3", "a[b][c][d]=%00", "name=Anna&flag=null&numbers=1&numbers=2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, form string) {
		values, err := url.ParseQuery(form)
		if err != nil {
			return
		}
		tree, err := FromValues(values)
		if err != nil {
			return
		}
		var s sample
		if Decode(tree, &s, Mode{Lenient: true, Form: true}) == nil {
			hold(t, &s)
		}
	})
}

// hold checks that what was let through is within the rules.
func hold(t *testing.T, s *sample) {
	t.Helper()
	n := len([]rune(s.Name))
	if n < 3 || n > 5 || strings.ContainsAny(s.Name, "\n\x00") || s.Number < -1 || s.Share > 1 || len(s.Tags) > 2 || s.Limit < 0 || s.Limit > 100 ||
		s.Kind != "a" && s.Kind != "b" || s.Inner != nil && (s.Inner.Privacy < 1 || s.Inner.Privacy > 3) {
		t.Errorf("let through: %+v", s)
	}
}
