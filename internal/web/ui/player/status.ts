// The words for a phase. Pure.
import type { Key } from "../i18n.ts";
import "../words/player.ts";
import type { Phase } from "./phase.ts";

export interface Status {
  title: Key;
  more?: Key;
  /** Something is under way: a moving sign tells that the page is not dead. */
  busy: boolean;
}

const statuses: Record<Exclude<Phase, "playing">, Status> = {
  connecting: { title: "player.connecting", busy: true },
  buffering: { title: "player.buffering", busy: true },
  waiting: { title: "player.waiting", more: "player.waiting.more", busy: false },
  interrupted: { title: "player.interrupted", more: "player.interrupted.more", busy: true },
  unreachable: { title: "player.unreachable", more: "player.unreachable.more", busy: true },
  ended: { title: "player.ended", more: "player.ended.more", busy: false },
  offered: { title: "player.ended", more: "player.offered.more", busy: false },
  gone: { title: "player.gone", more: "player.gone.more", busy: false },
  unsupported: { title: "player.unsupported", more: "player.unsupported.more", busy: false },
  locked: { title: "player.locked", busy: false },
  login: { title: "player.login", busy: false },
  forbidden: { title: "player.forbidden", busy: false },
};

/** undefined while there is nothing to say: the picture speaks. */
export function statusOf(phase: Phase): Status | undefined {
  return phase === "playing" ? undefined : statuses[phase];
}
