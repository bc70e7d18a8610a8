package encoder

import (
	"context"
	"fmt"
	"iter"
	"time"

	"shoal/internal/amf0"
	"shoal/internal/encoder/rtmp"
)

// Publisher sends a sequence of packets in real time to an RTMP server. Its fields are set before Run, and each Run is a
// connection of its own.
type Publisher struct {
	URL    string           // rtmp://HOST[:PORT]/live/KEY
	Source iter.Seq[Packet] // what to send: Clip.Loop() or what Transforms made of it
	Client rtmp.Options
	Mark   bool // put the send time into every frame of H.264 and AAC (see encoder/stamp)
	Rude   bool // end with a reset instead of a goodbye

	// Accepted, if set, is called when the server has agreed, before the first packet.
	Accepted func()
	// Sent, if set, is called after each packet with the moment before it was sent, which is also its mark.
	Sent func(p Packet, at time.Time)
}

// Run publishes until the source ends or ctx does, then says goodbye, or is Rude; then it returns nil. The error is a
// *rtmp.Refused if the server said no, else what Dial or the network said.
//
// A packet is never sent before it is due, by the monotonic clock since the first packet; after a delay the late ones
// follow at once, so that nothing drifts.
func (p *Publisher) Run(ctx context.Context) error {
	c, err := rtmp.Dial(ctx, p.URL, p.Client)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, c.Hurry)
	defer stop()
	if p.Accepted != nil {
		p.Accepted()
	}
	m := newMarker()
	err = pace(ctx, c.Done(), p.Source, func(k Packet) error { return p.send(c, m, k) })
	if p.Rude {
		_ = c.Abort()
		return err
	}
	gone := c.Close()
	if err == nil && ctx.Err() == nil {
		err = gone
	}
	return err
}

func (p *Publisher) send(c *rtmp.Client, m *marker, k Packet) error {
	now := time.Now()
	t := k.Tag
	if p.Mark {
		var err error
		if t, err = m.mark(t, now); err != nil {
			return err
		}
	}
	body := t.Data
	if t.Type == Script { // the server keeps it for who comes later (as every encoder asks for)
		body = append(amf0.Append(nil, "@setDataFrame"), body...)
	}
	if err := c.Send(t.Type, uint32(t.Time), body); err != nil {
		return err
	}
	if p.Sent != nil {
		p.Sent(k, now)
	}
	return nil
}

// pace calls send for each packet when it is due. It returns nil when the packets or ctx end; when gone is closed it
// calls send once more, at once, for the error that says why.
func pace(ctx context.Context, gone <-chan struct{}, src iter.Seq[Packet], send func(Packet) error) error {
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for p := range src {
		if wait := time.Until(start.Add(p.Due)); wait > 0 {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
			case <-gone:
			case <-timer.C:
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		if err := send(p); err != nil {
			if ctx.Err() != nil {
				return nil // who ends does not care whether the last packet went out
			}
			return fmt.Errorf("publish: %w", err)
		}
	}
	return nil
}
