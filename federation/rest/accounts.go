package rest

import (
	"shoal/federation/rest/shape"
	"shoal/internal/catalog"
)

func (a *API) accountCalls() []operation {
	return []operation{
		answered(operation{id: "listAccounts", method: "GET", path: "/accounts", summary: "List accounts."}, a.getAccounts),
		answered(operation{id: "getAccount", method: "GET", path: "/accounts/{id}", of: ofAccount, summary: "Get an account."}, a.getAccount),
		answered(operation{id: "listAccountVideos", method: "GET", path: "/accounts/{id}/videos", of: ofAccount, summary: "List an account's videos."}, a.getAccountVideos),
		answered(operation{id: "listAccountChannels", method: "GET", path: "/accounts/{id}/video-channels", of: ofAccount, summary: "List an account's channels."}, a.getAccountChannels),
	}
}

func (a *API) getAccounts(c *call, q *page, _ *none) (shape.Page[shape.Account], error) {
	p := catalog.Page{}
	p.Start, p.Count = q.cut()
	accounts, total, err := a.catalog.Accounts(c.ctx(), p)
	if err != nil {
		return shape.Page[shape.Account]{}, err
	}
	return paged(q, false, total, accounts, c.accountOf), nil
}

func (a *API) getAccount(c *call, _ *none, _ *none) (shape.Account, error) {
	return c.accountOf(&c.account), nil
}

func (a *API) getAccountVideos(c *call, q *videosQuery, _ *none) (shape.Page[shape.Video], error) {
	return c.listVideos(q, func(f *catalog.VideoFilter) { f.Account = c.account.Name })
}

func (a *API) getAccountChannels(c *call, q *channelsQuery, _ *none) (shape.Page[shape.Channel], error) {
	return c.listChannels(q, c.account.Name)
}
