package catalog

import (
	"testing"

	"shoal/cluster/state"
)

// BenchmarkRead reads one thing each time, without memory.
func BenchmarkRead(b *testing.B) {
	c, _ := filled(b, 20_000, 50)
	v, _, err := c.Videos(b.Context(), VideoFilter{Count: 100})
	if err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	for name, f := range map[string]func(i int) error{
		"nothing": func(int) error { return c.reader.Read(ctx, func(state.Querier) error { return nil }) },
		"1": func(int) error {
			_, err := read(ctx, c, func(q state.Querier) (int, error) { return one(ctx, q, "1", value[int], `SELECT 1`) })
			return err
		},
		"video": func(i int) error {
			_, err := read(ctx, c, func(q state.Querier) (Video, error) { return videoByUUID(ctx, q, v[i%100].UUID) })
			return err
		},
		"channel":    func(int) error { _, err := c.Channel(ctx, "user3_channel"); return err },
		"user":       func(int) error { _, err := c.User(ctx, 3); return err },
		"list":       func(int) error { _, _, err := c.Videos(ctx, VideoFilter{Count: 20}); return err },
		"remembered": func(int) error { _, err := c.Video(ctx, v[0].UUID); return err },
		"wrong key": func(i int) error {
			if _, err := c.LiveByKey(ctx, "wrong"); !isNotFound(err) {
				return err
			}
			return nil
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := f(i); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
