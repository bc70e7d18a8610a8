import assert from "node:assert/strict";
import { test } from "node:test";
import jsqr from "jsqr";
import { modules, path } from "./qr.ts";

// Another project's reader reads what we draw.
for (const text of ["http://192.168.1.20:8080/w/7b1f3a52-9c1d-4e0a-8f5e-2f6a1c0d9e11", new URL("https://live.example/w/scène?x=1").href, "x"]) {
  test(`a reader reads ${text}`, () => {
    const rows = modules(text);
    const scale = 4;
    const side = (rows.length + 8) * scale;
    const pixels = new Uint8ClampedArray(side * side * 4).fill(255);
    for (const [, x, y, w] of path(rows).matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
      for (let py = Number(y) * scale; py < (Number(y) + 1) * scale; py++) {
        for (let px = Number(x) * scale; px < (Number(x) + Number(w)) * scale; px++) {
          pixels.fill(0, (py * side + px) * 4, (py * side + px) * 4 + 3);
        }
      }
    }
    // The package is CommonJS: its function may hide under "default".
    const read = (jsqr as unknown as { default?: typeof jsqr }).default ?? jsqr;
    assert.equal(read(pixels, side, side)?.data, text);
  });
}
