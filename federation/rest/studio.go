package rest

import (
	"errors"
	"net/http"
	"time"

	"shoal/federation/rest/shape"
	"shoal/internal/broadcast"
	"shoal/internal/vitals"
)

func (a *API) studioCalls() []operation {
	return []operation{
		answered(operation{id: "getStudio", method: "GET", path: "/studio/{id}", of: ofLive, access: owner, summary: "Get all that the organizer of a live sees."}, a.getStudio),
		answered(operation{id: "endLive", method: "POST", path: "/studio/{id}/end", of: ofLive, access: owner, summary: "End a live's broadcast: its encoder is sent away."}, a.postEnd),
		answered(operation{id: "rotateKey", method: "POST", path: "/studio/{id}/key", of: ofLive, access: owner, summary: "Give a live a new stream key; whoever publishes with the old one is sent away."}, a.postKey),
		answered(operation{id: "putPoster", method: "PUT", path: "/videos/{id}/poster", of: ofVideo, access: owner, images: true, summary: "Give a video a picture."}, a.putPoster),
	}
}

func (a *API) getStudio(c *call, _ *none, _ *none) (shape.Studio, error) {
	v := &c.video
	status, known := a.Lives.Get(v.LiveID())
	live, err := c.showStatus(v, &status, known)
	if err != nil {
		return shape.Studio{}, err
	}
	s := shape.Studio{
		Live: live, RTMPURLs: c.rtmpURLs(),
		State: live.State, Viewers: live.Viewers,
		Samples: []shape.StudioSample{}, Findings: []shape.Finding{},
		Takeover: int64(v.Live.Takeover), Permanent: v.Live.Permanent, SaveReplay: v.Live.SaveReplay,
		ReplayPrivacy: int64(v.Live.ReplayPrivacy), Declared: v.Live.Declared,
	}
	s.RTMPURL = s.RTMPURLs[0]
	if c.holdsKey(v) {
		s.StreamKey = v.Live.Key
	}
	if known {
		c.broadcast(&s, &status)
	}
	return s, nil
}

// broadcast adds what is known of the broadcast that runs or ran last.
func (c *call) broadcast(s *shape.Studio, b *broadcast.Status) {
	s.Since = shape.Time(b.Since)
	s.Encoder, s.Protocol = b.Encoder, b.Protocol
	if !b.Started.IsZero() {
		end := c.now
		if b.State == broadcast.Ended {
			end = b.Since
		}
		s.Session = &shape.StudioSession{Start: b.Started, Seconds: max(0, end.Sub(b.Started).Seconds())}
	}
	s.Recording = shape.StudioRecording{On: b.Recording.On, Bytes: b.Recording.Bytes, Seconds: b.Recording.Duration.Seconds()}
	if b.Recording.Err != nil {
		s.Recording.Error = b.Recording.Err.Error()
	}
	r := &b.Vitals
	s.BitRate, s.FrameRate, s.KeyInterval = r.BitRate, r.FrameRate, r.KeyInterval.Seconds()
	for _, p := range r.Samples {
		s.Samples = append(s.Samples, shape.StudioSample{T: p.At.UnixMilli(), BitRate: p.BitRate, Frames: p.Frames})
	}
	for _, f := range r.Findings {
		s.Findings = append(s.Findings, shape.Finding{
			Code: f.Code, Severity: string(f.Severity), Since: f.Since.Round(time.Millisecond), Values: f.Values, Text: vitals.Text(f),
		})
	}
}

func (a *API) postEnd(c *call, _ *none, _ *none) (none, error) {
	err := a.Lives.End(c.ctx(), c.video.LiveID())
	if errors.Is(err, broadcast.ErrNotRunning) {
		return none{}, refuse(http.StatusConflict, "The live is not on the air.")
	}
	return none{}, err
}

func (a *API) postKey(c *call, _ *none, _ *none) (shape.StreamKey, error) {
	if !c.holdsKey(&c.video) {
		return shape.StreamKey{}, refuse(http.StatusForbidden, "Only the live's owner or an admin may change its stream key.")
	}
	v, err := a.catalog.RotateKey(c.ctx(), c.video.UUID)
	if err != nil {
		return shape.StreamKey{}, err
	}
	a.Lives.Expel(v.LiveID())
	return shape.StreamKey{StreamKey: v.Live.Key}, nil
}
