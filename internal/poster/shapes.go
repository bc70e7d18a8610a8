package poster

import (
	"image"
	"image/color"

	"golang.org/x/image/vector"
)

// disc draws a filled circle.
func (c *card) disc(x, y, r float64, fill color.Color) {
	// Four Bézier curves are a circle to within a thousandth of the radius.
	const k = 0.5522847
	z := c.rasterizer()
	at := func(dx, dy float64) (float32, float32) { return float32(x + r*dx), float32(y + r*dy) }
	curve := func(ax, ay, bx, by, cx, cy float64) {
		a1, a2 := at(ax, ay)
		b1, b2 := at(bx, by)
		c1, c2 := at(cx, cy)
		z.CubeTo(a1, a2, b1, b2, c1, c2)
	}
	z.MoveTo(at(1, 0))
	curve(1, k, k, 1, 0, 1)
	curve(-k, 1, -1, k, -1, 0)
	curve(-1, -k, -k, -1, 0, -1)
	curve(k, -1, 1, -k, 1, 0)
	z.ClosePath()
	c.fill(z, fill)
}

// triangle draws one that points to the right.
func (c *card) triangle(x, y, r float64, fill color.Color) {
	z := c.rasterizer()
	z.MoveTo(float32(x-r*0.75), float32(y-r))
	z.LineTo(float32(x+r), float32(y))
	z.LineTo(float32(x-r*0.75), float32(y+r))
	z.ClosePath()
	c.fill(z, fill)
}

func (c *card) rasterizer() *vector.Rasterizer {
	b := c.image.Bounds()
	return vector.NewRasterizer(b.Dx(), b.Dy())
}

func (c *card) fill(z *vector.Rasterizer, fill color.Color) {
	z.Draw(c.image, c.image.Bounds(), image.NewUniform(fill), image.Point{})
}
