package poster

import (
	"bytes"
	"image"
	"strings"
	"testing"
)

// light counts the pixels of a picture that are as light as letters.
func light(i image.Image, r image.Rectangle) (n int) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if near(i.At(x, y), ink) {
				n++
			}
		}
	}
	return n
}

func TestCard(t *testing.T) {
	names := image.Rect(margin-4, 0, PreviewWidth, nameEnd)
	disc := image.Rect(PreviewWidth/2-110, 110, PreviewWidth/2-60, 300)
	fonts, err := loadFonts()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, channel string
		text, sign    bool
	}{
		{"Concert in the park", "Venue", true, false},
		{"Привет, мир", "Канал", true, false},
		{"Καλημέρα", "", true, false},
		{strings.Repeat("A very long name ", 50), strings.Repeat("channel ", 50), true, false},
		{strings.Repeat("x", 1000), strings.Repeat("y", 1000), true, false},
		{"Live: 東京", "v", false, true}, // a third of it is missing
		{"Concert №7 東", "v", true, false},
		{"東京のライブ", "チャンネル", false, true},
		{"مرحبا", "קול", false, true},
		{"🎉🎉", "Venue", false, true},
		{"", "", false, true},
		{"\x00\xff\u202e", "\n", false, true},
	} {
		p, err := drawCard(fonts, tt.name, tt.channel)
		if err != nil {
			t.Fatal(err)
		}
		if n := light(p, names); (n > 200) != tt.text {
			t.Errorf("%.40q: %d pixels of letters", tt.name, n)
		}
		if near(p.At(disc.Min.X+20, disc.Min.Y+100), accent) != tt.sign {
			t.Errorf("%.40q: a sign was expected: %v", tt.name, tt.sign)
		}
		if light(p, image.Rect(textRight+20, 0, PreviewWidth, PreviewHeight)) > 0 {
			t.Errorf("%.40q: letters leave the card", tt.name)
		}
	}
	one, err := Card("a", "b")
	if err != nil {
		t.Fatal(err)
	}
	checked(t, one)
	same, _ := Card("a", "b")
	other, _ := Card("a", "c")
	if !bytes.Equal(one.Preview, same.Preview) || bytes.Equal(one.Preview, other.Preview) {
		t.Error("a card is not what its names make it")
	}
}

func TestReadable(t *testing.T) {
	f, err := loadFonts()
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]struct {
		left  string
		whole bool
	}{
		"Concert":         {"Concert", true},
		" a \t b ":        {"a b", true},
		"Łódź — Ünïcödé":  {"Łódź — Ünïcödé", true},
		"e\u0301te\u0301": {"ete", true},
		"🎉 Party":         {"Party", true},
		"Live 東京":         {"Live", false},
		"東京":              {"", false},
		"...":             {"...", false},
		"":                {"", false},
	} {
		if left, whole := f.readable(in); left != want.left || whole != want.whole {
			t.Errorf("%q: %q, %v; want %q, %v", in, left, whole, want.left, want.whole)
		}
	}
}

func TestInitials(t *testing.T) {
	for _, tt := range []struct {
		texts []string
		want  string
	}{
		{[]string{"live from Paris"}, "LF"},
		{[]string{"", "venue"}, "V"},
		{[]string{"«été» 7"}, "É7"},
		{[]string{"...", ""}, ""},
		{nil, ""},
	} {
		if got := initials(tt.texts...); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.texts, got, tt.want)
		}
	}
}

func TestWrap(t *testing.T) {
	f, err := loadFonts()
	if err != nil {
		t.Fatal(err)
	}
	face, err := f.face(f.bold, 42)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		text  string
		width int
		most  int
		want  string
		whole bool
	}{
		{"one two three", 1000, 2, "one two three", true},
		{"one two three", 170, 2, "one two|three", true},
		{"one two three", 170, 1, "one t…", false},
		{"incomprehensible", 170, 5, "incompr|ehensib|le", true},
		{"incomprehensible", 170, 1, "incom…", false},
		{"a", 1, 3, "a", true},
		{"ab", 1, 1, "a…", false},
		{"", 100, 3, "", true},
	} {
		lines, whole := wrap(face, tt.text, tt.width, tt.most)
		if got := strings.Join(lines, "|"); got != tt.want || whole != tt.whole {
			t.Errorf("%q in %d: %q, %v; want %q", tt.text, tt.width, got, whole, tt.want)
		}
	}
}

func BenchmarkCard(b *testing.B) {
	for b.Loop() {
		if _, err := Card("Concert in the park", "Venue"); err != nil {
			b.Fatal(err)
		}
	}
}
