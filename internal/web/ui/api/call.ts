// One way to ask the node: with patience, with the log-in renewed once when it has run out, and with a Failure that says
// what went wrong.
import { remembered } from "../i18n.ts";

/** What the node refused, or that it did not answer (status 0). */
export class Failure extends Error {
  constructor(
    readonly status: number,
    /** What the node says about it, in English; "" if nothing. */
    readonly detail: string,
    /** A name for the reason, where the node gives one. */
    readonly code: string,
    /** Seconds after which another try makes sense; 0 if it was not said. */
    readonly retryAfter: number,
  ) {
    super(detail || `status ${status}`);
  }
}

/** Says whether an error is the node's answer with a status. */
export function failed(error: unknown, status: number): boolean {
  return error instanceof Failure && error.status === status;
}

export interface Asking {
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  body?: Blob;
  headers?: Record<string, string>;
  /** How long to wait for the answer, in ms. */
  patience?: number;
  /** Do not try to renew the log-in: the call is about the log-in itself. */
  bare?: boolean;
}

const patience = 8000;
const renewal = "/api/v1/shoal/session/refresh";

/** Where it is remembered that somebody is logged in. */
export const sessionKey = "shoal.session";

let renewing: Promise<boolean> | undefined;
let renewable = remembered(sessionKey) !== null;

/** Somebody has logged in: from now on a log-in can be renewed. */
export function loggedIn(): void {
  renewable = true;
}

/** Calls the node and reads its answer; undefined where that has no content. Throws a Failure. */
export async function call<T>(method: string, path: string, asking: Asking = {}): Promise<T> {
  let answer = await send(method, path, asking);
  if (answer.status === 401 && !asking.bare && renewable && (await renewed())) answer = await send(method, path, asking);
  if (!answer.ok) throw await failureOf(answer);
  if (answer.status === 204) return undefined as T;
  const text = await answer.text().catch(noAnswer);
  try {
    return (text === "" ? undefined : JSON.parse(text)) as T;
  } catch {
    throw new Failure(answer.status, "The answer is not JSON.", "", 0);
  }
}

async function send(method: string, path: string, { json, body, headers = {}, patience: limit = patience }: Asking): Promise<Response> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), limit);
  const init: RequestInit = { method, signal: stop.signal, cache: "no-store", headers };
  if (json !== undefined) {
    init.body = JSON.stringify(json);
    init.headers = { ...headers, "Content-Type": "application/json" };
  } else if (body) {
    init.body = body;
    if (body.type) init.headers = { ...headers, "Content-Type": body.type };
  }
  try {
    return await fetch(path, init);
  } catch {
    return noAnswer();
  } finally {
    clearTimeout(timer);
  }
}

function noAnswer(): never {
  throw new Failure(0, "", "", 0);
}

/**
 * Renews the log-in, once for all that wait for it. What it does not know is whether another tab has just done so: the
 * answer is therefore whether to ask again, not whether it worked.
 */
async function renewed(): Promise<boolean> {
  renewing ??= send("POST", renewal, {})
    .then((answer) => {
      if (answer.status === 401 || answer.status === 403) renewable = false;
      return true;
    })
    .finally(() => {
      renewing = undefined;
    });
  return renewing;
}

async function failureOf(answer: Response): Promise<Failure> {
  const body = (await answer.json().catch(() => undefined)) as { title?: string; detail?: string; code?: string; type?: string } | undefined;
  const code = body?.code ?? body?.type?.split("/").at(-1) ?? "";
  return new Failure(answer.status, body?.detail || body?.title || "", code === "about:blank" ? "" : code, Number(answer.headers.get("Retry-After")) || 0);
}

/** A path with its values escaped: path`/api/v1/videos/${uuid}`. */
export function path(parts: TemplateStringsArray, ...values: (string | number)[]): string {
  return parts.reduce((all, part, i) => all + encodeURIComponent(String(values[i - 1])) + part);
}

/** A query; what is undefined is left out. */
export function query(values: Record<string, string | number | boolean | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}
