package codec

import (
	"errors"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/bits"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"shoal/internal/media"
)

const (
	// Sample rates of the standard's table (ISO/IEC 14496-3, table 1.18); an explicit rate outside is a mistake.
	minSampleRate, maxSampleRate = 7350, 96000
	// maxAACFrame is 6,144 bits for each of 8 channels (ISO/IEC 14496-3, section 4.5.3), and as much again, since
	// some encoders pad.
	maxAACFrame = 2 * 8 * 6144 / 8
	// syncExtension announces SBR behind an AAC-LC configuration (ISO/IEC 14496-3, section 1.6.5).
	syncExtension = 0x2b7
)

// Errors of AAC. They are wrapped with what was wrong.
var (
	// ErrAACConfig says that an AudioSpecificConfig cannot be used.
	ErrAACConfig = errors.New("the AAC parameters of the encoder cannot be used")
	// ErrAACUnit says that an audio frame is damaged.
	ErrAACUnit = errors.New("the AAC frame is damaged")
)

// AAC is a set of AAC parameters (ISO/IEC 14496-3): AAC-LC, HE-AAC, HE-AAC v2. It is immutable.
type AAC struct {
	asc     mpeg4audio.AudioSpecificConfig
	config  []byte
	silence []byte
	entry   codecs.MPEG4Audio
}

var _ media.Codec = (*AAC)(nil)

// ParseAAC reads an AudioSpecificConfig (ISO/IEC 14496-3, section 1.6.2.1), the payload of an FLV AAC sequence header.
// The error wraps ErrAACConfig.
func ParseAAC(asc []byte) (*AAC, error) {
	c := &AAC{}
	if err := c.asc.Unmarshal(asc); err != nil {
		return nil, fmt.Errorf("%w: read the AudioSpecificConfig: %w", ErrAACConfig, err)
	}
	if c.asc.SampleRate < minSampleRate || c.asc.SampleRate > maxSampleRate {
		return nil, fmt.Errorf("%w: a sample rate of %d Hz makes no sense", ErrAACConfig, c.asc.SampleRate)
	}
	if c.asc.ChannelConfig == 0 {
		return nil, fmt.Errorf("%w: its channels are arranged in an order of its own; set the encoder to mono or stereo", ErrAACConfig)
	}
	if c.asc.ExtensionType == 0 {
		c.readExtension(asc)
	}
	if c.asc.ExtensionType != 0 && (c.asc.ExtensionSampleRate < minSampleRate || c.asc.ExtensionSampleRate > maxSampleRate) {
		return nil, fmt.Errorf("%w: an output rate of %d Hz makes no sense", ErrAACConfig, c.asc.ExtensionSampleRate)
	}
	var err error
	if c.config, err = c.asc.Marshal(); err != nil {
		return nil, fmt.Errorf("%w: write the AudioSpecificConfig: %w", ErrAACConfig, err)
	}
	c.entry.Config = c.asc
	c.silence = silence(c.asc.ChannelConfig)
	return c, nil
}

// readExtension reads what stands behind an AAC-LC configuration, so that older decoders do not see it: SBR, and PS
// behind that (ISO/IEC 14496-3, section 1.6.6.2). Damage there is as if nothing stood there.
func (c *AAC) readExtension(asc []byte) {
	pos := 5 + 4 + 4 + 1 + 1 + 1 // type, rate, channels, frame length, core coder, extension flag
	if len(asc) > 1 && (asc[0]&7)<<1|asc[1]>>7 == 15 {
		pos += 24
	}
	if c.asc.DependsOnCoreCoder {
		pos += 14
	}
	read := func(n int) int {
		v, err := bits.ReadBits(asc, &pos, n)
		if err != nil {
			return -1
		}
		return int(v)
	}
	if read(11) != syncExtension || read(5) != int(mpeg4audio.ObjectTypeSBR) || read(1) != 1 {
		return
	}
	rate := read(4)
	switch {
	case rate == 15:
		rate = read(24)
	case rate >= 0 && rate < len(aacRates):
		rate = aacRates[rate]
	}
	if rate < minSampleRate {
		return
	}
	c.asc.ExtensionType, c.asc.ExtensionSampleRate = mpeg4audio.ObjectTypeSBR, rate
	if read(11) == 0x548 && read(1) == 1 {
		c.asc.ExtensionType = mpeg4audio.ObjectTypePS
	}
}

// aacRates are the sample rates by index (ISO/IEC 14496-3, table 1.18).
var aacRates = [...]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// Kind is media.Audio.
func (c *AAC) Kind() media.Kind { return media.Audio }

// Name is "AAC".
func (c *AAC) Name() string { return "AAC" }

// RFC6381 is "mp4a.40." and the audio object type (RFC 6381, section 3.3): 2 for AAC-LC, 5 with SBR, 29 with SBR and PS.
func (c *AAC) RFC6381() string {
	if c.asc.ExtensionType != 0 {
		return fmt.Sprintf("mp4a.40.%d", c.asc.ExtensionType)
	}
	return fmt.Sprintf("mp4a.40.%d", c.asc.Type)
}

// Config is the AudioSpecificConfig, written anew: SBR and PS stand in front (explicit signalling) however the encoder
// announced them.
func (c *AAC) Config() []byte { return c.config }

// SampleEntry is what the init says.
func (c *AAC) SampleEntry() codecs.Codec { return &c.entry }

// FrameTicks is the duration of a frame: 1,024 samples, or 960 if the configuration says so, at SampleRate.
func (c *AAC) FrameTicks(timescale uint32) int64 {
	samples, rate := int64(1024), int64(c.asc.SampleRate)
	if c.asc.FrameLengthFlag {
		samples = 960
	}
	return (samples*int64(timescale) + rate/2) / rate
}

// Access reads a raw frame. The payload is data; the error wraps ErrAACUnit.
func (c *AAC) Access(data []byte) (media.Access, error) {
	if len(data) > maxAACFrame {
		return media.Access{}, fmt.Errorf("%w: it has %d bytes, a frame has at most %d", ErrAACUnit, len(data), maxAACFrame)
	}
	return media.Access{Payload: data, Key: len(data) > 0}, nil
}

// Silence is one frame of silence with the channels that the parameters have. The caller must not change it.
func (c *AAC) Silence() []byte { return c.silence }

// SampleRate is the sample rate of the AAC core in Hz, 7,350 to 96,000: the track's timescale. With SBR a decoder puts out
// twice as many samples (see OutputRate); frames keep 1,024 samples of the core.
func (c *AAC) SampleRate() int { return c.asc.SampleRate }

// OutputRate is the sample rate that a decoder puts out, in Hz.
func (c *AAC) OutputRate() int {
	if c.asc.ExtensionType != 0 {
		return c.asc.ExtensionSampleRate
	}
	return c.asc.SampleRate
}

// Channels is the number of channels that a decoder puts out, 1 to 8.
func (c *AAC) Channels() int {
	switch {
	case c.asc.ExtensionType == mpeg4audio.ObjectTypePS && c.asc.ChannelConfig == 1:
		return 2
	case c.asc.ChannelConfig == 7:
		return 8
	}
	return int(c.asc.ChannelConfig)
}

// Warning is "": all AAC that can be read can be played.
func (c *AAC) Warning() string { return "" }
