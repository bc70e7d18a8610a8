package rest

import (
	"shoal/federation/rest/schema"
	"shoal/federation/rest/shape"
	"shoal/internal/catalog"
)

func (a *API) channelCalls() []operation {
	return []operation{
		answered(operation{id: "listChannels", method: "GET", path: "/video-channels", summary: "List channels."}, a.getChannels),
		answered(operation{id: "searchChannels", method: "GET", path: "/search/video-channels", summary: "Search channels."}, a.getChannels),
		answered(operation{id: "createChannel", method: "POST", path: "/video-channels", access: user, summary: "Make a channel."}, a.postChannel),
		answered(operation{id: "getChannel", method: "GET", path: "/video-channels/{id}", of: ofChannel, summary: "Get a channel."}, a.getChannel),
		answered(operation{id: "updateChannel", method: "PUT", path: "/video-channels/{id}", of: ofChannel, access: owner, summary: "Change a channel."}, a.putChannel),
		answered(operation{id: "deleteChannel", method: "DELETE", path: "/video-channels/{id}", of: ofChannel, access: owner, summary: "Delete a channel with all its videos."}, a.deleteChannel),
		answered(operation{id: "listChannelVideos", method: "GET", path: "/video-channels/{id}/videos", of: ofChannel, summary: "List a channel's videos."}, a.getChannelVideos),
	}
}

// channelsQuery is the part of the channels that is asked for.
type channelsQuery struct {
	page
	Sort   string `json:"sort" rule:"line,max=40" enum:"id,-id,name,-name,displayName,-displayName,createdAt,-createdAt,updatedAt,-updatedAt,match,-match" default:"-createdAt"`
	Search string `json:"search" rule:"line,max=255"`
}

// channelChange is a change of a channel.
type channelChange struct {
	DisplayName *string                  `json:"displayName" rule:"line,min=1,max=120"`
	Description schema.Clearable[string] `json:"description" rule:"max=1000"`
	Support     schema.Clearable[string] `json:"support" rule:"max=1000"`
}

func (a *API) getChannels(c *call, q *channelsQuery, _ *none) (shape.Page[shape.Channel], error) {
	return c.listChannels(q, "")
}

func (c *call) listChannels(q *channelsQuery, account string) (shape.Page[shape.Channel], error) {
	f := catalog.ChannelFilter{Account: account, Search: q.Search, Sort: q.Sort}
	if q.Sort == "match" || q.Sort == "-match" {
		f.Sort = ""
	}
	f.Start, f.Count = q.cut()
	channels, total, err := c.api.catalog.Channels(c.ctx(), f)
	if err != nil {
		return shape.Page[shape.Channel]{}, err
	}
	return paged(&q.page, false, total, channels, c.channelOf), nil
}

func (a *API) postChannel(c *call, _ *none, b *shape.NewChannel) (reply shape.CreatedChannel, err error) {
	ch, err := a.catalog.CreateChannel(c.ctx(), catalog.NewChannel{
		AccountID: c.user.Account.ID, Name: b.Name, DisplayName: b.DisplayName, Description: b.Description, Support: b.Support,
	})
	reply.VideoChannel.ID = ch.ID
	return reply, err
}

func (a *API) getChannel(c *call, _ *none, _ *none) (shape.Channel, error) {
	return c.channelOf(&c.channel), nil
}

func (a *API) putChannel(c *call, _ *none, b *channelChange) (none, error) {
	_, err := a.catalog.UpdateChannel(c.ctx(), c.channel.Name, catalog.ChannelChange{
		DisplayName: b.DisplayName, Description: b.Description.Pointer(), Support: b.Support.Pointer(),
	})
	return none{}, err
}

func (a *API) deleteChannel(c *call, _ *none, _ *none) (none, error) {
	ctx, cancel := c.toTheEnd()
	defer cancel()
	gone, err := a.catalog.DeleteChannel(ctx, c.channel.Name)
	if err == nil {
		a.remove(gone)
	}
	return none{}, err
}

// remove deletes the files of what is gone. What cannot be deleted is found again by whoever looks at the store.
func (a *API) remove(gone catalog.Removed) {
	for _, session := range gone.Recordings {
		if err := a.Storage.Remove(session); err != nil {
			a.log.Warn("a recording of a deleted video stays on the disk", "session", session, "error", err)
		}
	}
	for _, video := range gone.Videos {
		if err := a.Storage.RemovePosters(video); err != nil {
			a.log.Warn("the pictures of a deleted video stay on the disk", "video", video, "error", err)
		}
	}
}

func (a *API) getChannelVideos(c *call, q *videosQuery, _ *none) (shape.Page[shape.Video], error) {
	return c.listVideos(q, func(f *catalog.VideoFilter) { f.Channel = c.channel.Name })
}
