package recorder

import ("testing";"os";"shoal/internal/media")

func TestZZ(t *testing.T) {
	dir, _ := changing(t)
	p, _ := download(t, dir, media.Main)
	b, _ := os.ReadFile(p)
	os.WriteFile("/tmp/zz.mp4", b, 0o600)
}
