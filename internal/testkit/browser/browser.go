// Package browser owns the headless Chromium that tests look at pages with: pages are opened as a phone or a desk would,
// in a language and a theme, and what they complain about is collected.
//
// It starts one Chromium per Browser, with a profile of its own, and the goroutines of chromedp; all of it ends with the
// test. It never reaches another host than those that the pages under test name, and is never part of the binary.
package browser

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// startLimit is generous: a cold start on a busy board takes seconds.
const startLimit = 60 * time.Second

// Browser is one running Chromium.
type Browser struct {
	ctx context.Context // of the browser itself; pages derive from it
}

// Start runs Chromium until the test ends. Flags come on top of those that keep it quiet and headless, as "name" or
// "name=value" without dashes. A machine without Chromium fails the test: what it would have shown is then not known.
func Start(tb testing.TB, flags ...string) *Browser {
	tb.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		tb.Fatal("Chromium is not installed: on Debian, apt-get install chromium")
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path),
		chromedp.UserDataDir(tb.TempDir()),
		chromedp.WSURLReadTimeout(startLimit),
	}
	for _, f := range append([]string{
		"headless", "no-sandbox", "disable-gpu", "no-first-run", "disable-background-networking",
		"disable-component-update", "disable-sync", "disable-default-apps", "disable-extensions", "disable-breakpad",
		"disable-dev-shm-usage", "disable-features=Translate,MediaRouter,OptimizationHints", "hide-scrollbars",
		"force-color-profile=srgb", "autoplay-policy=no-user-gesture-required",
		// A headless machine has no mouse, but the desk that a page is shown to has one: it can hover, and is fine.
		"blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
		// A page under test is always in front, but Chromium cannot know that.
		"disable-background-timer-throttling", "disable-backgrounding-occluded-windows", "disable-renderer-backgrounding",
	}, flags...) {
		options = append(options, flag(f))
	}
	allocated, free := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocated, chromedp.WithErrorf(discard))
	tb.Cleanup(func() {
		polite, done := context.WithTimeout(ctx, 5*time.Second)
		defer done()
		_ = chromedp.Cancel(polite) // if it does not close by itself, the two below kill it
		cancel()
		free()
		chromedp.FromContext(allocated).Allocator.Wait()
	})
	if err := chromedp.Do(ctx); err != nil {
		tb.Fatalf("start Chromium (%s): %v", path, err)
	}
	return &Browser{ctx: ctx}
}

func flag(s string) chromedp.ExecAllocatorOption {
	if name, value, ok := strings.Cut(s, "="); ok {
		return chromedp.Flag(name, value)
	}
	return chromedp.Flag(s, true)
}

// discard takes what chromedp says about events that it does not know: newer Chromium has more of them.
func discard(string, ...any) {}
