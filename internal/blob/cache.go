package blob

import (
	"container/list"

	"shoal/internal/recording"
)

// cache keeps the recordings that were asked for last. Its owner guards it.
type cache struct {
	max   int
	order *list.List // of *cached, newest first
	at    map[string]*list.Element
}

type cached struct {
	session string
	r       *recording.Recording
}

func newCache(max int) cache { return cache{max, list.New(), map[string]*list.Element{}} }

// get finds a recording; nil if it is not there.
func (c *cache) get(session string) *recording.Recording {
	e, ok := c.at[session]
	if !ok {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*cached).r
}

// put adds one, and drops the one that was not asked for longest if there are too many.
func (c *cache) put(session string, r *recording.Recording) {
	c.drop(session)
	c.at[session] = c.order.PushFront(&cached{session, r})
	if c.order.Len() > c.max {
		c.drop(c.order.Back().Value.(*cached).session)
	}
}

func (c *cache) drop(session string) {
	if e, ok := c.at[session]; ok {
		c.order.Remove(e)
		delete(c.at, session)
	}
}
