package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"shoal/internal/media"
)

const (
	// maxParameterSets bounds the bytes of all parameter sets together: they are kept for each live and written into
	// each init. Real ones have tens of bytes, the largest that the syntax allows about 2 KB.
	maxParameterSets = 64 << 10
	// maxSPS and maxPPS are what a record has room for.
	maxSPS, maxPPS = 31, 255
	// maxMacroblocks bounds the width and the height of a picture, in macroblocks of 16 pixels: no level of the
	// standard allows a side of more than 16,880 pixels, and an MP4 sample entry holds 16 bits.
	maxMacroblocks = 1024
	// Frame rates outside of these bounds are a time base in disguise (a variable rate declared as 1000), not a rate.
	minFrameRate, maxFrameRate = 1, 240
)

// Errors of H.264 parameters. They are wrapped with what was wrong.
var (
	// ErrH264Config says that an avcC record or the parameter sets in it cannot be used.
	ErrH264Config = errors.New("the H.264 parameters of the encoder cannot be used")
	// ErrH264Unit says that an access unit is damaged.
	ErrH264Unit = errors.New("the H.264 access unit is damaged")
)

// H264 is a set of H.264 parameters (ITU-T H.264, ISO/IEC 14496-15). It is immutable.
type H264 struct {
	sps, pps  [][]byte
	info      h264.SPS // of sps[0]
	width     int
	height    int
	frameRate float64
	config    []byte
	entry     codecs.H264
	others    []byte // parameter sets that entry has no room for, with lengths of 4 bytes
}

var _ media.Codec = (*H264)(nil)

// ParseH264 reads an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, section 5.3.3.1), the payload of an FLV AVC
// sequence header. What stands behind the parameter sets is not read. The record is copied. Its lengths of NAL units
// may have 1, 2 or 4 bytes; Access wants 4 in any case, and whoever reads the stream rewrites others. The error wraps
// ErrH264Config.
func ParseH264(avcC []byte) (*H264, error) {
	if len(avcC) < 6 {
		return nil, fmt.Errorf("%w: a record of %d bytes is too short", ErrH264Config, len(avcC))
	}
	if avcC[0] != 1 {
		return nil, fmt.Errorf("%w: version %d of the record is unknown", ErrH264Config, avcC[0])
	}
	if avcC[4]&3 == 2 {
		return nil, fmt.Errorf("%w: NAL unit lengths of 3 bytes are not allowed", ErrH264Config)
	}
	sps, rest, ok := readSets(avcC[6:], int(avcC[5]&31))
	if !ok || len(rest) == 0 {
		return nil, fmt.Errorf("%w: the record ends within its sequence parameter sets", ErrH264Config)
	}
	pps, _, ok := readSets(rest[1:], int(rest[0]))
	if !ok {
		return nil, fmt.Errorf("%w: the record ends within its picture parameter sets", ErrH264Config)
	}
	return H264FromParameterSets(sps, pps)
}

// H264FromParameterSets makes parameters of sequence and picture parameter sets, each a NAL unit without length or
// start code. The first of each is the one that the init segment names. They are copied. The error wraps
// ErrH264Config.
func H264FromParameterSets(sps, pps [][]byte) (*H264, error) {
	if len(sps) == 0 || len(pps) == 0 {
		return nil, fmt.Errorf("%w: they need a sequence and a picture parameter set", ErrH264Config)
	}
	if len(sps) > maxSPS || len(pps) > maxPPS {
		return nil, fmt.Errorf("%w: %d sequence and %d picture parameter sets are too many", ErrH264Config, len(sps), len(pps))
	}
	total := 0
	for _, s := range sps {
		total += len(s)
		if _, ok := spsID(s); nalType(s) != nalSPS || !ok {
			return nil, fmt.Errorf("%w: a NAL unit of type %d is not a sequence parameter set", ErrH264Config, nalType(s))
		}
	}
	for _, p := range pps {
		total += len(p)
		if _, _, ok := ppsIDs(p); nalType(p) != nalPPS || !ok {
			return nil, fmt.Errorf("%w: a NAL unit of type %d is not a picture parameter set", ErrH264Config, nalType(p))
		}
	}
	if total > maxParameterSets {
		return nil, fmt.Errorf("%w: %d bytes of parameter sets are too many", ErrH264Config, total)
	}
	c := &H264{sps: cloneAll(sps), pps: cloneAll(pps)}
	if err := c.info.Unmarshal(c.sps[0]); err != nil {
		return nil, fmt.Errorf("%w: read the sequence parameter set: %w", ErrH264Config, err)
	}
	if c.info.PicWidthInMbsMinus1 >= maxMacroblocks || c.info.PicHeightInMapUnitsMinus1 >= maxMacroblocks {
		return nil, fmt.Errorf("%w: the picture is larger than 16,384 pixels", ErrH264Config)
	}
	if c.info.ChromaFormatIdc > 3 || c.info.BitDepthLumaMinus8 > 6 || c.info.BitDepthChromaMinus8 > 6 {
		return nil, fmt.Errorf("%w: its colour format is not one of the standard's", ErrH264Config)
	}
	c.width, c.height = c.info.Width(), c.info.Height()
	if c.width <= 0 || c.height <= 0 || c.width > 16*maxMacroblocks || c.height > 32*maxMacroblocks {
		return nil, fmt.Errorf("%w: a picture cropped to %dx%d makes no sense", ErrH264Config, c.width, c.height)
	}
	if f := c.info.FPS(); f >= minFrameRate && f <= maxFrameRate {
		c.frameRate = f
	}
	c.config = c.record()
	c.entry = codecs.H264{SPS: c.sps[0], PPS: c.pps[0]}
	for _, s := range slices.Concat(c.sps[1:], c.pps[1:]) {
		c.others = append(binary.BigEndian.AppendUint32(c.others, uint32(len(s))), s...)
	}
	return c, nil
}

// readSets reads n parameter sets with lengths of 2 bytes; empty ones are left out.
func readSets(b []byte, n int) (sets [][]byte, rest []byte, ok bool) {
	for range n {
		if len(b) < 2 {
			return nil, nil, false
		}
		size := int(b[0])<<8 | int(b[1])
		if b = b[2:]; len(b) < size {
			return nil, nil, false
		}
		if size > 0 {
			sets = append(sets, b[:size])
		}
		b = b[size:]
	}
	return sets, b, true
}

// record writes the avcC record. It is always written anew, so that equal parameters have equal records however the
// encoder wrote them.
func (c *H264) record() []byte {
	b := []byte{1, c.sps[0][1], c.sps[0][2], c.sps[0][3], 0b11111100 | 3, 0b11100000 | byte(len(c.sps))}
	for _, s := range c.sps {
		b = append(append(b, byte(len(s)>>8), byte(len(s))), s...)
	}
	b = append(b, byte(len(c.pps)))
	for _, p := range c.pps {
		b = append(append(b, byte(len(p)>>8), byte(len(p))), p...)
	}
	switch c.info.ProfileIdc {
	case 66, 77, 88: // Baseline, Main, Extended: the record ends here
	default:
		b = append(b, 0b11111100|byte(c.info.ChromaFormatIdc), 0b11111000|byte(c.info.BitDepthLumaMinus8),
			0b11111000|byte(c.info.BitDepthChromaMinus8), 0)
	}
	return b
}

// Kind is media.Video.
func (c *H264) Kind() media.Kind { return media.Video }

// Name is "H.264".
func (c *H264) Name() string { return "H.264" }

// RFC6381 is "avc1." and profile, constraints and level in hexadecimal (RFC 6381, section 3.3).
func (c *H264) RFC6381() string { return fmt.Sprintf("avc1.%x", c.sps[0][1:4]) }

// Config is the avcC record, with NAL unit lengths of 4 bytes and all parameter sets. Equal parameters give equal
// records.
func (c *H264) Config() []byte { return c.config }

// SampleEntry is what the init says. It has room for the first parameter set of each type; see Access for others.
func (c *H264) SampleEntry() codecs.Codec { return &c.entry }

// FrameTicks is the frame duration that the sequence parameter set declares (VUI timing), 0 if it does not or if the
// rate is not within 1 to 240 frames per second.
func (c *H264) FrameTicks(timescale uint32) int64 {
	if c.frameRate == 0 {
		return 0
	}
	return int64(math.Round(float64(timescale) / c.frameRate))
}

// Silence is nil: video has none.
func (c *H264) Silence() []byte { return nil }

// Width is the width of the picture in pixels, cropped: 1 to 16,384.
func (c *H264) Width() int { return c.width }

// Height is the height of the picture in pixels, cropped.
func (c *H264) Height() int { return c.height }

// FrameRate is what the sequence parameter set declares, in frames per second, 1 to 240; 0 if it does not tell.
func (c *H264) FrameRate() float64 { return c.frameRate }

// ParameterSets are the parameter sets in force, each a NAL unit without length. The caller must not change them.
func (c *H264) ParameterSets() (sps, pps [][]byte) { return c.sps, c.pps }

// Warning tells the organizer in plain words why many viewers will see nothing, and what to set; "" if all is well.
func (c *H264) Warning() string {
	const remedy = ": most browsers cannot play it. Set the encoder to 8 bits 4:2:0 (pixel format yuv420p or NV12)."
	switch {
	case c.info.ChromaFormatIdc == 0:
		return "The video is without colour (4:0:0)" + remedy
	case c.info.ChromaFormatIdc == 2:
		return "The colours of the video are in 4:2:2" + remedy
	case c.info.ChromaFormatIdc == 3:
		return "The colours of the video are in 4:4:4" + remedy
	case c.info.BitDepthLumaMinus8 > 0 || c.info.BitDepthChromaMinus8 > 0:
		return fmt.Sprintf("The video has %d bits per sample", 8+max(c.info.BitDepthLumaMinus8, c.info.BitDepthChromaMinus8)) + remedy
	}
	return ""
}

func cloneAll(sets [][]byte) [][]byte {
	out := make([][]byte, len(sets))
	for i, s := range sets {
		out[i] = bytes.Clone(s)
	}
	return out
}
