package browser

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Look is how a page is seen.
type Look struct {
	Width, Height int    // in CSS pixels; 0 for 1280 by 800
	Phone         bool   // a finger instead of a mouse, two device pixels per CSS pixel
	Dark          bool   // prefers-color-scheme: dark
	Still         bool   // prefers-reduced-motion: reduce
	Language      string // Accept-Language and navigator.language; "" for "en"
}

// Page is one tab, with storage of its own. Its methods fail the test that it was opened for.
type Page struct {
	tb  testing.TB
	ctx context.Context

	mu         sync.Mutex
	complaints []string
	requests   []string
}

// Open makes a tab that looks as asked. It is closed when the test ends.
func (b *Browser) Open(tb testing.TB, look Look) *Page {
	tb.Helper()
	p := &Page{tb: tb}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.heard))
	tb.Cleanup(cancel)
	p.ctx = ctx
	p.do("open a tab", look.apply)
	return p
}

func (l Look) apply(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
	if l.Width == 0 {
		l.Width, l.Height = 1280, 800
	}
	scheme, motion, scale := "light", "no-preference", 1.0
	if l.Dark {
		scheme = "dark"
	}
	if l.Still {
		motion = "reduce"
	}
	if l.Phone {
		scale = 2
	}
	version, err := chromedp.CallBrowser(ctx, browser.GetVersion, cdp.Empty{})
	return none, errors.Join(
		err,
		call(ctx, t, network.Enable, network.EnableParams{}),
		call(ctx, t, log.Enable, cdp.Empty{}),
		call(ctx, t, runtime.Enable, cdp.Empty{}),
		call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: int64(l.Width), Height: int64(l.Height), DeviceScaleFactor: scale, Mobile: l.Phone,
		}),
		call(ctx, t, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: l.Phone}),
		call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme},
			{Name: "prefers-reduced-motion", Value: motion},
		}}),
		call(ctx, t, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
			UserAgent: version.UserAgent, AcceptLanguage: cmp.Or(l.Language, "en"),
		}),
	)
}

func call[P any](ctx context.Context, t *chromedp.Target, c cdp.Command[P, cdp.Empty], params P) error {
	_, err := cdp.Call(ctx, t, c, params)
	return err
}

// Goto opens an address and waits until the page has loaded.
func (p *Page) Goto(url string) {
	p.tb.Helper()
	p.do("open "+url, chromedp.Navigate(url))
}

// Reload opens the same address again.
func (p *Page) Reload() {
	p.tb.Helper()
	p.do("reload", chromedp.Reload())
}

// Eval evaluates an expression of JavaScript, waits for it if it is a promise, and gives its value.
func Eval[T any](p *Page, expression string) T {
	p.tb.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.tb.Fatalf("evaluate %s: %v", expression, err)
	}
	return v
}

// Do evaluates an expression of JavaScript for its effect.
func (p *Page) Do(expression string) {
	p.tb.Helper()
	p.do("evaluate "+expression, chromedp.Evaluate[chromedp.Void](expression, chromedp.EvalAwaitPromise))
}

// Wait waits until an expression of JavaScript is true, and fails the test if that takes longer than the limit. An
// expression that throws is not true yet, and one that was cut off because the page went to another address is asked
// there. Unlike chromedp.Poll it does not count as a gesture of the user, which would let pages play sound.
func (p *Page) Wait(limit time.Duration, condition string) {
	p.tb.Helper()
	late := time.Now().Add(limit)
	for {
		failure, err := p.await(time.Until(late), condition)
		switch {
		case err == nil && failure == "":
			return
		case err != nil && p.ctx.Err() == nil && time.Now().Before(late):
			select { // the other address is on its way
			case <-time.After(50 * time.Millisecond):
			case <-p.ctx.Done():
			}
		case err != nil:
			p.tb.Fatalf("wait for %s: %v\ncomplaints: %q", condition, err, p.Complaints())
		default:
			p.tb.Fatalf("not within %v: %s: %s\ncomplaints: %q", limit, condition, failure, p.Complaints())
		}
	}
}

func (p *Page) await(limit time.Duration, condition string) (failure string, err error) {
	return chromedp.Run(p.ctx, chromedp.Evaluate[string](`new Promise((done) => {
		const until = performance.now() + `+Milliseconds(max(limit, 0))+`;
		const look = () => {
			let thrown = '';
			try {
				if (`+condition+`) return done('');
			} catch (e) {
				thrown = String(e);
			}
			if (performance.now() > until) return done('it stayed false ' + thrown);
			setTimeout(look, 50);
		};
		look();
	})`, chromedp.EvalAwaitPromise))
}

// Press presses and releases keys: characters, or what package kb names.
func (p *Page) Press(keys string) {
	p.tb.Helper()
	p.do("press "+keys, chromedp.KeyEvent(keys))
}

// Click clicks into the middle of the first element that a CSS selector finds, once it is seen.
func (p *Page) Click(selector string) {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible)); err != nil {
		p.tb.Fatalf("click %s: %v", selector, err)
	}
}

// Screenshot is what is seen of the page now, as a PNG.
func (p *Page) Screenshot() []byte {
	p.tb.Helper()
	shot, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.tb.Fatalf("take a screenshot: %v", err)
	}
	return shot
}

// Complaints lists what went wrong in the page so far: exceptions, errors on the console or in the log (a violated
// Content-Security-Policy among them), and requests that failed.
func (p *Page) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.complaints)
}

// Requests lists the addresses that the page asked for so far, in order.
func (p *Page) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

func (p *Page) heard(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.complain("exception: " + thrown(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			p.complain("console: " + arguments(e.Args))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			p.complain(fmt.Sprintf("log: %s %s", e.Entry.Text, e.Entry.URL))
		}
	case *network.EventRequestWillBeSent:
		p.mu.Lock()
		p.requests = append(p.requests, e.Request.URL)
		p.mu.Unlock()
	case *network.EventLoadingFailed:
		if !e.Canceled {
			p.complain("request: " + e.ErrorText)
		}
	}
}

func (p *Page) complain(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = append(p.complaints, s)
}

func (p *Page) do(what string, action chromedp.Action[chromedp.Void]) {
	p.tb.Helper()
	if err := chromedp.Do(p.ctx, action); err != nil {
		p.tb.Fatalf("%s: %v", what, err)
	}
}

func arguments(args []*runtime.RemoteObject) string {
	var s []string
	for _, a := range args {
		if a.Value != nil {
			s = append(s, string(a.Value))
		} else {
			s = append(s, a.Description)
		}
	}
	return strings.Join(s, " ")
}

func thrown(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}

// Milliseconds is a duration as JavaScript's timers take it.
func Milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
