package hlscheck

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// variant is an EXT-X-STREAM-INF.
type variant struct {
	uri                string
	bandwidth, average uint64
	codecs             []string
	resolution         string
	frameRate          string
}

func (v *variant) video() bool {
	for _, c := range v.codecs {
		if !strings.HasPrefix(c, "mp4a.") {
			return true
		}
	}
	return false
}

var (
	resolution = regexp.MustCompile(`^[1-9][0-9]*x[1-9][0-9]*$`)
	frameRate  = regexp.MustCompile(`^[0-9]{1,3}\.[0-9]{3}$`)
)

// parseMaster reads a multivariant playlist. Whatever we would not write is an error.
func parseMaster(text string) ([]variant, error) {
	lines, err := tagLines(text)
	if err != nil {
		return nil, err
	}
	var all []variant
	var next *variant
	for n, l := range lines {
		fail := func(err error) error { return fmt.Errorf("line %d, %q: %w", n+2, l, err) }
		tag, value, _ := strings.Cut(l, ":")
		switch {
		case !strings.HasPrefix(l, "#"):
			if next == nil {
				return nil, fail(errors.New("no EXT-X-STREAM-INF before it"))
			}
			next.uri = l
			all, next = append(all, *next), nil
		case next != nil:
			return nil, fail(errors.New("stands between EXT-X-STREAM-INF and its URI"))
		case tag == "#EXT-X-VERSION" && n == 0:
			if _, err := strconv.ParseUint(value, 10, 8); err != nil {
				return nil, fail(err)
			}
		case tag == "#EXT-X-STREAM-INF":
			if next, err = parseVariant(value); err != nil {
				return nil, fail(err)
			}
		default:
			return nil, fail(errors.New("a tag that a live does not have"))
		}
	}
	if next != nil || len(all) == 0 {
		return nil, errors.New("lists no variant, or ends before its URI")
	}
	return all, nil
}

func parseVariant(value string) (*variant, error) {
	a, err := parseAttributes(value, []string{"CODECS"}, []string{"BANDWIDTH", "AVERAGE-BANDWIDTH", "RESOLUTION", "FRAME-RATE"})
	if err != nil {
		return nil, err
	}
	if err := a.need("BANDWIDTH", "CODECS"); err != nil {
		return nil, err
	}
	v := &variant{codecs: strings.Split(a["CODECS"], ","), resolution: a["RESOLUTION"], frameRate: a["FRAME-RATE"]}
	if v.bandwidth, err = parseInteger(a["BANDWIDTH"]); err != nil || v.bandwidth == 0 {
		return nil, fmt.Errorf("BANDWIDTH is %q", a["BANDWIDTH"])
	}
	if s, ok := a["AVERAGE-BANDWIDTH"]; ok {
		if v.average, err = parseInteger(s); err != nil || v.average == 0 || v.average > v.bandwidth {
			return nil, fmt.Errorf("AVERAGE-BANDWIDTH is %q", s)
		}
	}
	if v.resolution != "" && !resolution.MatchString(v.resolution) {
		return nil, fmt.Errorf("RESOLUTION is %q", v.resolution)
	}
	if v.frameRate != "" && !frameRate.MatchString(v.frameRate) {
		return nil, fmt.Errorf("FRAME-RATE is %q", v.frameRate)
	}
	return v, nil
}
