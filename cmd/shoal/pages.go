package main

import (
	"context"

	"shoal/internal/catalog"
	"shoal/internal/web"
)

// sourceURL is where the source of this version is offered to those who use it over a network (AGPL-3.0, section 13).
// It is set by the linker where a build is published: -ldflags "-X main.sourceURL=https://...".
var sourceURL = ""

// known tells the pages what there is.
type known struct{ catalog *catalog.Catalog }

// Exists implements web.Pages.
func (k known) Exists(ctx context.Context, kind web.Kind, ref string) bool {
	var err error
	switch kind {
	case web.Video:
		_, err = k.catalog.Video(ctx, ref)
	case web.Channel:
		_, err = k.catalog.Channel(ctx, ref)
	case web.Account:
		_, err = k.catalog.Account(ctx, ref)
	}
	return err == nil
}
