package rest

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"

	"shoal/federation/rest/shape"
	"shoal/internal/catalog"
	"shoal/internal/media"
)

func (a *API) liveCalls() []operation {
	return []operation{
		answered(operation{id: "createLive", method: "POST", path: "/videos/live", access: user, images: true, summary: "Make a live."}, a.postLive),
		answered(operation{id: "getLive", method: "GET", path: "/videos/live/{id}", of: ofLive, summary: "Get a live's settings; who may manage it gets its address, too, its owner and admins its key."}, a.getLive),
		answered(operation{id: "updateLive", method: "PUT", path: "/videos/live/{id}", of: ofLive, access: owner, summary: "Change a live's settings, while it is not on the air."}, a.putLive),
		answered(operation{id: "listLiveSessions", method: "GET", path: "/videos/live/{id}/sessions", of: ofLive, access: owner, summary: "List a live's broadcasts."}, a.getSessions),
	}
}

func (a *API) postLive(c *call, _ *none, b *shape.NewLive) (shape.CreatedVideo, error) {
	settings, err := a.catalog.Settings(c.ctx())
	if err != nil {
		return shape.CreatedVideo{}, err
	}
	n, err := c.newLive(b, &settings)
	if err != nil {
		return shape.CreatedVideo{}, err
	}
	// The picture first: if it is none, nothing was made.
	n.UUID = string(media.NewLiveID())
	change := catalog.VideoChange{Original: b.OriginallyAt.Pointer()}
	if err := c.poster(&change, &b.VideoText, n.UUID); err != nil {
		return shape.CreatedVideo{}, err
	}
	v, err := a.catalog.CreateLive(c.ctx(), n)
	if err != nil {
		a.remove(catalog.Removed{Videos: []string{n.UUID}})
		return shape.CreatedVideo{}, err
	}
	if change.Original != nil || change.Poster != nil {
		if v, err = a.catalog.UpdateVideo(c.ctx(), v.UUID, change); err != nil {
			return shape.CreatedVideo{}, err
		}
	}
	return shape.CreatedVideo{Video: videoID(&v)}, nil
}

// newLive checks what a new live is to be against the instance's settings.
func (c *call) newLive(b *shape.NewLive, settings *catalog.Settings) (n catalog.NewLive, err error) {
	if !settings.Live.Enabled {
		return n, refuseAs(http.StatusForbidden, codeLivesOff, "Live is not enabled on this instance.")
	}
	if err := c.mayPublish(b.ChannelID); err != nil {
		return n, err
	}
	n = catalog.NewLive{
		ChannelID: b.ChannelID, Name: b.Name, Description: b.Description.Value, Support: b.Support.Value, Category: b.Category.Value,
		Licence: b.Licence.Value, Language: b.Language.Value, Tags: b.Tags.Value, NSFW: is(b.NSFW),
		Privacy: catalog.Privacy(or(b.Privacy, int64(catalog.Public))), Comments: commentsOf(&b.VideoText),
		NoDownload: b.DownloadEnabled != nil && !*b.DownloadEnabled,
		Permanent:  is(b.PermanentLive), SaveReplay: is(b.SaveReplay),
		Latency: catalog.Latency(or(b.LatencyMode, 0)), Takeover: catalog.Takeover(or(b.Takeover, 0)),
	}
	if n.ReplayPrivacy, err = replayPrivacy(&b.LiveChange, n.Privacy); err != nil {
		return n, err
	}
	if n.SaveReplay && !settings.Replays.Allowed {
		return n, refuseAs(http.StatusForbidden, codeReplaysOff, "Saving live replay is not enabled on this instance.")
	}
	change := catalog.VideoChange{Privacy: &n.Privacy}
	if err := c.passwords(&change, b.VideoPasswords, catalog.Public); err != nil {
		return n, err
	}
	if change.PasswordHashes != nil {
		n.PasswordHashes = *change.PasswordHashes
	}
	return n, nil
}

// replayPrivacy is what a replay's privacy is to be; 0 if nothing is said of it.
func replayPrivacy(b *shape.LiveChange, ofLive catalog.Privacy) (catalog.Privacy, error) {
	if b.ReplaySettings == nil {
		return 0, nil
	}
	p := catalog.Privacy(b.ReplaySettings.Privacy)
	if p == catalog.Protected && ofLive != catalog.Protected {
		return 0, mistake("replaySettings.privacy", "may be 5 only if the live has a password itself")
	}
	return p, nil
}

// is says whether a switch was given and is on.
func is(b *bool) bool { return b != nil && *b }

// or gives a number, or another one if none was given.
func or(n *int64, otherwise int64) int64 {
	if n == nil {
		return otherwise
	}
	return *n
}

func (a *API) getLive(c *call, _ *none, _ *none) (shape.LiveVideo, error) {
	l := c.video.Live
	s := shape.LiveVideo{
		PermanentLive: l.Permanent, SaveReplay: l.SaveReplay, LatencyMode: int64(l.Latency),
		Shoal: shape.LiveExtra{RTMPURLs: []string{}, Takeover: int64(l.Takeover), Declared: l.Declared},
	}
	if l.SaveReplay {
		s.ReplaySettings = &shape.ReplaySettings{Privacy: int64(l.ReplayPrivacy)}
	}
	if c.manages(&c.video) {
		s.Shoal.RTMPURLs = c.rtmpURLs()
		s.RTMPURL = &s.Shoal.RTMPURLs[0]
	}
	if c.holdsKey(&c.video) {
		s.StreamKey = &l.Key
	}
	return s, nil
}

// maxRTMPURLs bounds the addresses that an organizer is shown.
const maxRTMPURLs = 8

// rtmpURLs are the addresses under which an encoder may reach this node: first that by which the organizer does.
func (c *call) rtmpURLs() []string {
	names := []string{c.at.name()}
	if c.api.Hosts != nil {
		names = append(names, c.api.Hosts()...)
	}
	var urls []string
	for _, name := range names {
		host := net.JoinHostPort(name, strconv.Itoa(c.api.RTMPPort))
		if u := "rtmp://" + host + "/live"; !slices.Contains(urls, u) && len(urls) < maxRTMPURLs {
			urls = append(urls, u)
		}
	}
	return urls
}

func (a *API) putLive(c *call, _ *none, b *shape.LiveChange) (none, error) {
	settings, err := a.catalog.Settings(c.ctx())
	if err != nil {
		return none{}, err
	}
	if is(b.SaveReplay) && !settings.Replays.Allowed {
		return none{}, refuseAs(http.StatusForbidden, codeReplaysOff, "Saving live replay is not enabled on this instance.")
	}
	change := catalog.LiveChange{SaveReplay: b.SaveReplay, Permanent: b.PermanentLive}
	p, err := replayPrivacy(b, c.video.Privacy)
	if err != nil {
		return none{}, err
	}
	if p != 0 {
		change.ReplayPrivacy = &p
	}
	if b.LatencyMode != nil {
		l := catalog.Latency(*b.LatencyMode)
		change.Latency = &l
	}
	if b.Takeover != nil {
		t := catalog.Takeover(*b.Takeover)
		change.Takeover = &t
	}
	_, err = a.catalog.UpdateLive(c.ctx(), c.video.UUID, change)
	return none{}, err
}

// sessionsQuery is the part of a live's broadcasts that is asked for.
type sessionsQuery struct {
	Start int `json:"start" rule:"min=0,max=10000000" default:"0" doc:"How many to leave out."`
	Count int `json:"count" rule:"min=1,max=100" default:"100"`
}

// getSessions lists the first broadcast first, as PeerTube does; the catalog has the last first.
func (a *API) getSessions(c *call, q *sessionsQuery, _ *none) (reply shape.Page[shape.LiveSession], err error) {
	reply.Data = []shape.LiveSession{}
	_, total, err := a.catalog.Sessions(c.ctx(), c.video.UUID, catalog.Page{Count: 1})
	if err != nil {
		return reply, err
	}
	reply.Total = &total
	n := min(q.Count, total-q.Start)
	if n <= 0 {
		return reply, nil
	}
	sessions, _, err := a.catalog.Sessions(c.ctx(), c.video.UUID, catalog.Page{Start: total - q.Start - n, Count: n})
	if err != nil {
		return reply, err
	}
	for i := range slices.Backward(sessions) {
		replay, err := c.replayOf(&sessions[i])
		if err != nil {
			return reply, err
		}
		reply.Data = append(reply.Data, sessionOf(&sessions[i], replay))
	}
	return reply, nil
}

// replayOf names the video that shows a broadcast; nil if there is none (any more).
func (c *call) replayOf(s *catalog.Session) (*shape.VideoID, error) {
	if s.Replay == "" {
		return nil, nil
	}
	v, err := c.api.catalog.Video(c.ctx(), s.Replay)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	id := videoID(&v)
	return &id, nil
}

// sessionError is LiveVideoError.FFMPEG_ERROR of PeerTube's: the nearest to all that can go wrong here.
const sessionError = 4

// sessionOf gives a broadcast; replay is nil if nothing shows it.
func sessionOf(s *catalog.Session, replay *shape.VideoID) shape.LiveSession {
	l := shape.LiveSession{
		ID: s.ID, StartDate: s.Start, EndDate: shape.Time(s.End), EndingProcessed: !s.End.IsZero(), SaveReplay: s.SaveReplay,
		ReplayVideo: replay, Shoal: shape.SessionExtra{Error: shape.Text(s.Error)},
	}
	if s.SaveReplay {
		l.ReplaySettings = &shape.ReplaySettings{Privacy: int64(s.ReplayPrivacy)}
	}
	if s.Error != "" {
		code := int64(sessionError)
		l.Error = &code
	}
	return l
}
