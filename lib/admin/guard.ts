// Who may ask for what. What changes state answers the host itself only; and because every browser on the host is
// a loopback peer too, a request must not come from a web page: neither with a foreign Origin, nor under a name
// that somebody else's DNS points at 127.0.0.1.

import { isIP } from 'node:net';

export interface Peer {
  /** `null` for a unix socket, which is local. */
  readonly address: string | null;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `sec-fetch-site`, which browsers send and pages cannot set. */
  readonly fetchSite: string | undefined;
}

/** Why the request is refused, as a sentence; `null` when it may go on. */
export function refusal(peer: Peer, changesState: boolean): string | null {
  const local = isLoopbackPeer(peer.address);
  if (changesState && !local) {
    return 'what changes state answers on this host only. Use a loopback address.';
  }
  if (local && peer.address !== null && !isLiteralHost(peer.host)) {
    return "the Host must be an IP address or localhost: a name could be anybody's.";
  }
  if (changesState && isForeign(peer)) {
    return 'a web page may not do this. Send no Origin header.';
  }
  return null;
}

function isLoopbackPeer(address: string | null): boolean {
  return address === null || /^(?:::ffff:)?127\.|^::1$/.test(address);
}

/** HTTP/1.0 needs no Host. */
function isLiteralHost(host: string | undefined): boolean {
  if (host === undefined) {
    return true;
  }
  const name = host
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  return name === 'localhost' || isIP(name) !== 0;
}

function isForeign({ origin, host, fetchSite }: Peer): boolean {
  const foreignSite = fetchSite !== undefined && !['same-origin', 'none'].includes(fetchSite);
  return foreignSite || (origin !== undefined && origin !== `http://${host}`);
}
