// QR codes as SVG. This module is loaded only where a code is shown.
import qrcode from "qrcode-generator";
import { svg } from "./dom.ts";
import { label } from "./i18n.ts";
import "./words/site.ts";

/** Light modules around the code: a reader needs four (ISO/IEC 18004). */
const quiet = 4;

/** The modules of the smallest code for a text, true where dark. Level M: 15 % may be damaged or reflecting. */
export function modules(text: string): boolean[][] {
  const code = qrcode(0, "M");
  code.addData(text, "Byte");
  code.make();
  const size = code.getModuleCount();
  return Array.from({ length: size }, (_, y) => Array.from({ length: size }, (_, x) => code.isDark(y, x)));
}

/** One path: a run of dark modules of a row is one rectangle. */
export function path(rows: boolean[][]): string {
  let d = "";
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      let end = x;
      while (row[end]) end++;
      d += `M${x + quiet} ${y + quiet}h${end - x}v1h${x - end}z`;
      x = end;
    }
  });
  return d;
}

export function qrCode(url: string): SVGElement {
  const rows = modules(url);
  const side = String(rows.length + 2 * quiet);
  const node = svg(
    "svg",
    { viewBox: `0 0 ${side} ${side}`, role: "img", class: "qr", "shape-rendering": "crispEdges" },
    // Dark on light in both themes: many readers refuse the negative.
    svg("rect", { width: side, height: side, fill: "#fff" }),
    svg("path", { d: path(rows), fill: "#04222b" }),
  );
  label(node, "qr.label", { url });
  return node;
}
