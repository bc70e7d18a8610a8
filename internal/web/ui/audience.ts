// Tells the node that this page is watched, so that it can count viewers. The page's name is random, made anew for each
// page, and says nothing of who watches.
import { tellView } from "./api/lives.ts";
import type { Player } from "./player/player.ts";

const every = 10_000; // ms

/** getRandomValues, not randomUUID: that one exists in secure contexts only. */
export function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

export function countIn(player: Player): void {
  const name = randomName();
  let last = -Infinity;
  const tell = () => {
    const { live, video, phase } = player;
    if (!live || video.paused || phase !== "playing" || performance.now() - last < every - 500) return;
    last = performance.now();
    void tellView(live.uuid, name, video.currentTime, player.pass.token).catch(() => undefined); // the next one will do
  };
  player.onChange(tell);
  setInterval(tell, every);
}
