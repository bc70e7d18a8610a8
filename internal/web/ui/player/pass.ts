// Pass asks the node for a live, with what lets the viewer in: the log-in does it by itself, a password is exchanged for a
// token, with which the node gives addresses that open. The password stays in this page's memory; the token outlives a reload of the tab.
import { Failure } from "../api/call.ts";
import { getLive, unlock, type Live } from "../api/lives.ts";

/** Why a viewer is not let in. */
export type Barrier = "locked" | "login" | "forbidden";

/** The viewer is not let in. */
export class Shut extends Error {
  constructor(readonly barrier: Barrier) {
    super(barrier);
  }
}

export class Pass {
  /** What opens a live behind a password, once that was given. */
  token: string | undefined;
  private password: string | undefined;

  constructor(private readonly ref: string) {
    this.token = recalled(ref);
  }

  /** Throws Shut if something keeps the viewer out, else what call throws. */
  async ask(): Promise<Live> {
    try {
      return await this.look();
    } catch (e) {
      if (!(e instanceof Shut) || e.barrier !== "locked" || this.password === undefined) throw e;
      await this.unlock(this.password); // the token has run out
      return this.look();
    }
  }

  /** Exchanges a password for a token. Throws a Failure if it is wrong. */
  async unlock(password: string): Promise<void> {
    this.password = undefined;
    this.token = (await unlock(this.ref, password)).token;
    this.password = password;
    recall(this.ref, this.token);
  }

  private async look(): Promise<Live> {
    try {
      return await getLive(this.ref, this.token);
    } catch (e) {
      if (!(e instanceof Failure) || (e.status !== 401 && e.status !== 403)) throw e;
      if (this.token !== undefined) {
        this.token = undefined; // it has run out, or the passwords have changed
        return this.look();
      }
      if (e.code.includes("password")) throw new Shut("locked");
      throw new Shut(e.status === 401 ? "login" : "forbidden");
    }
  }
}

const storageKey = (ref: string) => `shoal.pass.${ref}`;

function recalled(ref: string): string | undefined {
  try {
    return sessionStorage.getItem(storageKey(ref)) ?? undefined;
  } catch {
    return undefined;
  }
}

function recall(ref: string, token: string): void {
  try {
    sessionStorage.setItem(storageKey(ref), token);
  } catch {
    // The password is asked for again after a reload.
  }
}
