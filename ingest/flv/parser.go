package flv

import (
	"bytes"
	"time"

	"shoal/ingest"
	"shoal/internal/codec"
	"shoal/internal/media"
)

// Parser reads the tags of one encoder, in order. The zero value is ready. It is used by one goroutine.
type Parser struct {
	video parameters
	audio parameters
	nal   int // size of a NAL unit's length in what comes in, in bytes
}

// parameters are what a sequence header declared last.
type parameters struct {
	raw   []byte
	codec media.Codec
}

// Video reads the body of a video tag (FLV, E.4.3; E-RTMP, "Enhanced Video"). The packet shares memory with body, which
// belongs to it from now on. The result is false if the tag holds nothing to pass on: an end of sequence, a command, an
// empty frame. The error wraps ErrMalformed or ErrNoParameters, or is an *UnsupportedError or a *ParametersError.
func (p *Parser) Video(body []byte, time uint32, arrival time.Time) (ingest.Packet, bool, error) {
	t, err := readVideo(body)
	if err != nil {
		return ingest.Packet{}, false, err
	}
	packet := ingest.Packet{Kind: media.Video, Time: time, Offset: t.offset, Arrival: arrival}
	switch t.content {
	case parametersTag:
		if err := p.setVideo(t.data); err != nil {
			return ingest.Packet{}, false, err
		}
		packet.Codec, packet.Offset = p.video.codec, 0
		return packet, true, nil
	case frameTag:
		if len(t.data) == 0 {
			return ingest.Packet{}, false, nil
		}
		if p.video.codec == nil {
			return ingest.Packet{}, false, ErrNoParameters
		}
		packet.Data, err = lengthsOf4(t.data, p.nal)
		return packet, err == nil, err
	}
	return ingest.Packet{}, false, nil
}

// Audio reads the body of an audio tag (FLV, E.4.2; E-RTMP, "Enhanced Audio"). It is as Video is.
func (p *Parser) Audio(body []byte, time uint32, arrival time.Time) (ingest.Packet, bool, error) {
	t, err := readAudio(body)
	if err != nil {
		return ingest.Packet{}, false, err
	}
	packet := ingest.Packet{Kind: media.Audio, Time: time, Arrival: arrival}
	switch t.content {
	case parametersTag:
		if err := p.setAudio(t.data); err != nil {
			return ingest.Packet{}, false, err
		}
		packet.Codec = p.audio.codec
		return packet, true, nil
	case frameTag:
		if len(t.data) == 0 {
			return ingest.Packet{}, false, nil
		}
		if p.audio.codec == nil {
			return ingest.Packet{}, false, ErrNoParameters
		}
		packet.Data = t.data
		return packet, true, nil
	}
	return ingest.Packet{}, false, nil
}

// setVideo reads an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, section 5.3.3.1). Encoders repeat it: the same
// bytes give the same codec.
func (p *Parser) setVideo(record []byte) error {
	if p.video.codec != nil && bytes.Equal(record, p.video.raw) {
		return nil
	}
	if len(record) < 5 {
		return malformed("an AVC sequence header is too short")
	}
	mine := bytes.Clone(record)
	mine[4] |= 3 // units are handed on with lengths of 4 bytes, whatever they came in with
	c, err := codec.ParseH264(mine)
	if err != nil {
		return &ParametersError{media.Video, err}
	}
	p.video = parameters{bytes.Clone(record), c}
	p.nal = int(record[4]&3) + 1
	return nil
}

// setAudio reads an AudioSpecificConfig (ISO/IEC 14496-3, section 1.6.2.1).
func (p *Parser) setAudio(config []byte) error {
	if p.audio.codec != nil && bytes.Equal(config, p.audio.raw) {
		return nil
	}
	mine := bytes.Clone(config)
	c, err := codec.ParseAAC(mine)
	if err != nil {
		return &ParametersError{media.Audio, err}
	}
	p.audio = parameters{mine, c}
	return nil
}
