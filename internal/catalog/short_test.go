package catalog

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// The first two are from a PeerTube server.
var shorts = map[string]string{
	"0065a420-8def-4fa6-9bf0-8c6d4cb6ed73": "13QVTevYY7zRiiYE5f4QMH",
	"7c506043-9ead-4044-9b1a-7c9dfedc6e29": "gmm9Yb95Vh3tckPU6ZMY5H",
	"00000000-0000-0000-0000-000000000000": "1111111111111111111111",
	"00000000-0000-0000-0000-00000000003a": "1111111111111111111121",
	"ffffffff-ffff-ffff-ffff-ffffffffffff": "xBuEXKpA6iqZQK5Kf2TnkV",
}

func TestShortUUID(t *testing.T) {
	t.Parallel()
	for long, short := range shorts {
		if got := ShortUUID(long); got != short {
			t.Errorf("ShortUUID(%s) = %q; want %q", long, got, short)
		}
		if got, err := ParseShortUUID(short); got != long || err != nil {
			t.Errorf("ParseShortUUID(%s) = %q, %v; want %q", short, got, err, long)
		}
	}
	for _, wrong := range []string{"", "x", "0065a4208def4fa69bf08c6d4cb6ed73", "{0065a420-8def-4fa6-9bf0-8c6d4cb6ed73}", "0065a420-8def-4fa6-9bf0-8c6d4cb6ed7g"} {
		if got := ShortUUID(wrong); got != "" {
			t.Errorf("ShortUUID(%q) = %q", wrong, got)
		}
	}
	for _, wrong := range []string{
		"", "3QVTevYY7zRiiYE5f4QMH", "113QVTevYY7zRiiYE5f4QMH", // the length
		"03QVTevYY7zRiiYE5f4QMH", "13QVTevYY7zRiiYE5f4QMI", "13QVTevYY7zRiiYE5f4QM\x00", "é3QVTevYY7zRiiYE5f4QM", // the alphabet
		"xBuEXKpA6iqZQK5Kf2TnkW", "zBuEXKpA6iqZQK5Kf2TnkV", "ZZZZZZZZZZZZZZZZZZZZZZ", // more than 128 bits
	} {
		if got, err := ParseShortUUID(wrong); !errors.Is(err, ErrShortUUID) {
			t.Errorf("ParseShortUUID(%q) = %q, %v", wrong, got, err)
		}
	}
}

func FuzzParseShortUUID(f *testing.F) {
	for _, short := range shorts {
		f.Add(short)
	}
	f.Add(strings.Repeat("Z", 22))
	f.Fuzz(func(t *testing.T, text string) {
		long, err := ParseShortUUID(text)
		if err != nil {
			return
		}
		if _, err := uuid.Parse(long); err != nil {
			t.Errorf("%q gave %q, which is no UUID", text, long)
		}
		if again := ShortUUID(long); again != text {
			t.Errorf("%q gave %s, which gives %q", text, long, again)
		}
	})
}

func FuzzShortUUID(f *testing.F) {
	f.Add(make([]byte, 16))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		u, err := uuid.FromBytes(b)
		if err != nil {
			return
		}
		if got, err := ParseShortUUID(ShortUUID(u.String())); got != u.String() || err != nil {
			t.Errorf("%s became %s, %v", u, got, err)
		}
	})
}
