// Where to go after logging in. Pure.

/** The wanted page if it is one of this node, else the given one: nobody is to be led elsewhere by a link to the log-in. */
export function safeNext(wanted: string | null, origin: string, otherwise: string): string {
  if (wanted === null || !wanted.startsWith("/") || /^\/[/\\]/.test(wanted) || /[\u0000-\u001f]/.test(wanted)) return otherwise;
  let url: URL;
  try {
    url = new URL(wanted, origin);
  } catch {
    return otherwise;
  }
  if (url.origin !== new URL(origin).origin || url.pathname === "/login") return otherwise;
  const next = url.pathname + url.search + url.hash;
  return next.startsWith("//") ? otherwise : next; // "/.//host" was one
}
