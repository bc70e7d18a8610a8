// Addresses that other devices are given. Pure.
import type { NodeInfo } from "./api/lives.ts";

/** Says that a host name means the device itself. */
export function isLocal(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || /^127\./.test(hostname);
}

/**
 * The address of a live's page for another device, undefined if this page knows none.
 * @param page the address of this page
 */
export function watchUrl(page: URL, uuid: string, node: NodeInfo | undefined): string | undefined {
  const url = new URL(`/w/${uuid}`, page);
  if (isLocal(url.hostname)) {
    const host = node?.hosts?.[0];
    if (host === undefined) return undefined;
    url.hostname = host.includes(":") ? `[${host}]` : host;
  }
  return url.href;
}

/** What goes into the line "Server" of an encoder. */
export function rtmpServer(page: URL, port: number): string {
  return `rtmp://${page.hostname}${port === 1935 ? "" : `:${port}`}/live`;
}
