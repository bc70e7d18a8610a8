package viewer

import (
	"context"
	"fmt"
	"path"
	"time"

	"shoal/internal/bench/wire"
)

// Cycle fetches files as a viewer would, one turn (a playlist and its media) after each interval since began, again and
// again until ctx ends. A client that falls behind goes on at once. The names are relative to the root of the server.
func (c *Counters) Cycle(ctx context.Context, client *wire.Client, turns [][]string, began time.Time, every time.Duration) {
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(began.Add(time.Duration(n+1) * every))):
		}
		for _, name := range turns[n%len(turns)] {
			if ctx.Err() != nil {
				return
			}
			sent := time.Now()
			res, err := client.Get("/"+name, requestTimeout, nil)
			if err == nil && res.Status != 200 {
				err = fmt.Errorf("fetch a file: %w: %d", errStatus, res.Status)
			}
			if err != nil {
				if ctx.Err() == nil {
					c.fail(err)
				}
				continue
			}
			c.request(res.Bytes, path.Ext(name) == ".m3u8", time.Since(sent))
		}
	}
}
