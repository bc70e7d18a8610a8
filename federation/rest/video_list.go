package rest

import (
	"net/http"
	"strings"

	"shoal/federation/rest/shape"
	"shoal/internal/auth"
	"shoal/internal/catalog"
)

// page is the part of a list that is asked for.
type page struct {
	Start int `json:"start" rule:"min=0,max=10000000" default:"0" doc:"How many to leave out."`
	Count int `json:"count" rule:"min=0,max=100" default:"15"`
}

// cut gives start and count for the catalog, in which no count means 15, not 0.
func (p *page) cut() (start, count int) { return p.Start, max(p.Count, 1) }

// paged makes a piece of a list.
func paged[T, S any](p *page, skipCount bool, total int, list []T, each func(*T) S) shape.Page[S] {
	piece := shape.Page[S]{Data: make([]S, 0, len(list))}
	if !skipCount {
		piece.Total = &total
	}
	if p.Count == 0 {
		return piece
	}
	for i := range list {
		piece.Data = append(piece.Data, each(&list[i]))
	}
	return piece
}

// videosQuery is PeerTube's of lists of videos (packages/models/src/search/videos-common-query.model.ts).
type videosQuery struct {
	page
	Sort             string   `json:"sort" rule:"line,max=40" doc:"publishedAt, createdAt, name, duration, views, trending, ...; with - before it for descending."`
	SkipCount        bool     `json:"skipCount"`
	NSFW             string   `json:"nsfw" enum:"true,false,both" default:"both"`
	IsLive           *bool    `json:"isLive"`
	IsLocal          *bool    `json:"isLocal"`
	Host             string   `json:"host" rule:"line,max=255"`
	Search           string   `json:"search" rule:"line,max=255"`
	CategoryOneOf    []int64  `json:"categoryOneOf" rule:"max=50"`
	LicenceOneOf     []int64  `json:"licenceOneOf" rule:"max=50"`
	LanguageOneOf    []string `json:"languageOneOf" rule:"max=50" item:"line,max=10"`
	TagsOneOf        []string `json:"tagsOneOf" rule:"max=50" item:"line,max=30"`
	TagsAllOf        []string `json:"tagsAllOf" rule:"max=50" item:"line,max=30"`
	HasHLSFiles      *bool    `json:"hasHLSFiles"`
	HasWebVideoFiles *bool    `json:"hasWebVideoFiles"`
	Include          int64    `json:"include" rule:"min=0,max=1023" default:"0" doc:"For moderators. Bits: 1 adds videos that cannot be watched yet or any more."`
	PrivacyOneOf     []int64  `json:"privacyOneOf" rule:"max=5" enum:"1,2,3,4,5" doc:"For moderators."`
}

// notPublished is the bit of include that adds waiting and ended lives (packages/models/src/videos/video-include.enum.ts).
const notPublished = 1

// filter makes the catalog's filter of a query; empty says that nothing here can match.
func (c *call) filter(q *videosQuery) (f catalog.VideoFilter, empty bool, err error) {
	f = catalog.VideoFilter{
		Viewer: c.viewer(), IsLive: q.IsLive, Search: q.Search, Sort: q.Sort,
		Tags: q.TagsOneOf, AllTags: q.TagsAllOf,
		Categories: q.CategoryOneOf, Licences: q.LicenceOneOf, Languages: q.LanguageOneOf,
	}
	f.Start, f.Count = q.cut()
	if q.NSFW != "both" {
		only := q.NSFW == "true"
		f.NSFW = &only
	}
	if (q.Include != 0 || len(q.PrivacyOneOf) > 0) && !auth.CanModerate(c.who()) {
		return f, false, refuse(http.StatusUnauthorized, "You are not allowed to see all videos.")
	}
	for _, p := range q.PrivacyOneOf {
		f.Privacies = append(f.Privacies, catalog.Privacy(p))
	}
	if q.Include&notPublished != 0 {
		f.States = allStates()
	}
	elsewhere := q.IsLocal != nil && !*q.IsLocal || q.Host != "" && !strings.EqualFold(q.Host, c.at.host)
	without := q.HasHLSFiles != nil && !*q.HasHLSFiles || q.HasWebVideoFiles != nil && *q.HasWebVideoFiles
	return f, elsewhere || without, nil
}

// allStates are those that a video can be in here.
func allStates() []catalog.VideoState {
	return []catalog.VideoState{catalog.Published, catalog.WaitingForLive, catalog.LiveEnded}
}

// listVideos answers with the videos of a filter that narrows the query's.
func (c *call) listVideos(q *videosQuery, narrow func(*catalog.VideoFilter)) (shape.Page[shape.Video], error) {
	f, empty, err := c.filter(q)
	if err != nil {
		return shape.Page[shape.Video]{}, err
	}
	narrow(&f)
	var videos []catalog.Video
	var total int
	if !empty {
		if videos, total, err = c.api.catalog.Videos(c.ctx(), f); err != nil {
			return shape.Page[shape.Video]{}, err
		}
	}
	each := c.listed
	if q.Include != 0 {
		each = c.managed
	}
	return paged(&q.page, q.SkipCount, total, videos, each), nil
}
