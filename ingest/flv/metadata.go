package flv

import (
	"math"

	"shoal/ingest"
	"shoal/internal/amf0"
)

// Bounds of what an encoder may say of itself; what is outside is taken as not said.
const (
	maxPixels    = 1 << 14
	maxFrameRate = 1000
	maxKilobits  = 1 << 20
	maxEncoder   = 200 // bytes of an encoder's name
)

// Metadata reads the body of a script tag (FLV, E.4.4; RTMP 1.0, section 7.1.2). The result is false if it is something
// else than onMetaData, which may stand behind @setDataFrame. The error is one of amf0.Decode.
func Metadata(body []byte) (ingest.Announcement, bool, error) {
	values, err := amf0.Decode(body)
	if err != nil {
		return ingest.Announcement{}, false, err
	}
	if len(values) > 0 && values[0] == "@setDataFrame" {
		values = values[1:]
	}
	if len(values) < 2 || values[0] != "onMetaData" {
		return ingest.Announcement{}, false, nil
	}
	o, ok := values[1].(amf0.Object)
	if !ok {
		return ingest.Announcement{}, false, nil
	}
	a := ingest.Announcement{
		Width:        int(number(o, "width", maxPixels)),
		Height:       int(number(o, "height", maxPixels)),
		FrameRate:    number(o, "framerate", maxFrameRate),
		VideoBitrate: int(number(o, "videodatarate", maxKilobits) * 1000),
		AudioBitrate: int(number(o, "audiodatarate", maxKilobits) * 1000),
		Encoder:      encoder(o),
	}
	if a.FrameRate == 0 {
		a.FrameRate = number(o, "fps", maxFrameRate)
	}
	a.Video = said(o.Get("videocodecid")) || o.Get("hasVideo") == true || a.Width > 0 && a.Height > 0
	a.Audio = said(o.Get("audiocodecid")) || o.Get("hasAudio") == true
	return a, true, nil
}

// number is a property that is a number above 0, at most limit; 0 if it is not.
func number(o amf0.Object, name string, limit float64) float64 {
	f, _ := o.Get(name).(float64)
	if math.IsNaN(f) || f <= 0 || f > limit {
		return 0
	}
	return f
}

// said reports whether a codec is named: by number (FLV), by FourCC as a number (E-RTMP) or by name (GStreamer, FMLE).
// Zero is said by encoders for "none", though PCM has that number: nobody streams PCM over RTMP.
func said(codec any) bool {
	switch c := codec.(type) {
	case float64:
		return c > 0
	case string:
		return c != ""
	}
	return false
}

// encoder is what the encoder calls itself, cut to a length that fits a log and a page.
func encoder(o amf0.Object) string {
	s := o.String("encoder")
	if s == "" {
		s = o.String("videoencoder")
	}
	return clip(s)
}

func clip(s string) string {
	if len(s) <= maxEncoder {
		return s
	}
	end := 0
	for n := range s {
		if n > maxEncoder {
			break
		}
		end = n
	}
	return s[:end]
}
