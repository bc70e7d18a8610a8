// A drawn card stands for a live until a poster exists: a school of fish that is different for each live, and always the
// same for one.
import { svg } from "./dom.ts";

/** Numbers in [0, 1) that follow from a text alone. */
export function numbersOf(seed: string): () => number {
  let h = 2166136261; // FNV-1a
  for (let i = 0; i < seed.length; i++) h = Math.imul(h ^ seed.charCodeAt(i), 16777619);
  return () => {
    h = Math.imul(h ^ (h >>> 15), 2246822507);
    h = Math.imul(h ^ (h >>> 13), 3266489909);
    h ^= h >>> 16;
    return (h >>> 0) / 2 ** 32;
  };
}

const fish = "M0 0C5-6 15-7 21 0 15 7 5 6 0 0ZM1.5 0-6-5Q-4 0-6 5Z";

export interface Fish {
  x: number;
  y: number;
  size: number;
  turn: number;
  light: number;
}

/** Fish that swim after each other along a gentle wave, on a field of 320 by 180. */
export function swim(seed: string): Fish[] {
  const random = numbersOf(seed);
  const count = 11 + Math.floor(random() * 8);
  const from = 50 + random() * 30;
  const rise = (random() - 0.5) * 60;
  const phase = random() * Math.PI * 2;
  return Array.from({ length: count }, (_, i) => {
    const along = (i + random() * 0.7) / count;
    const angle = phase + along * Math.PI * 1.5;
    return {
      x: 34 + along * 236,
      y: from + 24 + rise * along + Math.sin(angle) * 22 + (random() - 0.5) * 44,
      size: 0.55 + random() * 0.75,
      turn: Math.cos(angle) * 14 + (random() - 0.5) * 10,
      light: 0.25 + random() * 0.6,
    };
  });
}

/** The hue of a live's card: from green-blue to violet, never the red that means "live". */
export function hueOf(seed: string): number {
  return 170 + Math.floor(numbersOf(`${seed}hue`)() * 95);
}

export function school(seed: string): SVGElement {
  const bodies = swim(seed).map((f, i) => {
    const body = svg("path", { d: fish, class: `fish fish-${i % 4}` });
    body.style.setProperty("--light", f.light.toFixed(2));
    const place = `translate(${f.x.toFixed(1)} ${f.y.toFixed(1)}) rotate(${f.turn.toFixed(1)}) scale(${f.size.toFixed(2)})`;
    return svg("g", { transform: place }, body);
  });
  const node = svg("svg", { viewBox: "0 0 320 180", class: "school", preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true", focusable: "false" }, ...bodies);
  node.style.setProperty("--hue", String(hueOf(seed)));
  return node;
}
