import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** RFC 9110 7.6.1: they speak of one connection, and so are not passed on to the next. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Answered by our own server before a service hears of the request; ours to write. */
const NOT_FORWARDED = new Set(['expect', 'host', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto']);

export interface RequestFacts {
  headers: IncomingHttpHeaders;
  /** The address of who connected to us. */
  remoteAddress: string | undefined;
  /** As the client wrote them, by our own headers or by a trusted proxy's. */
  protocol: string;
  host: string;
  requestId: string;
}

/** What the service is sent: the client's headers, and by which way the request came. */
export function requestHeaders(facts: RequestFacts): Record<string, string | string[]> {
  const dropped = droppedBy(facts.headers.connection);
  const kept = Object.entries(facts.headers).filter(
    (entry): entry is [string, string | string[]] =>
      entry[1] !== undefined && !dropped.has(entry[0]) && !NOT_FORWARDED.has(entry[0]),
  );
  // A service that trusts one proxy takes the last address, ours; what a client wrote before it is only carried along.
  const before = facts.headers['x-forwarded-for'];
  const chain = [before, facts.remoteAddress].filter((part) => part !== undefined && part !== '');
  return {
    ...Object.fromEntries(kept),
    'x-forwarded-for': chain.join(', '),
    'x-forwarded-proto': facts.protocol,
    'x-forwarded-host': facts.host,
    'x-request-id': facts.requestId,
  };
}

/** What the client is sent: the service's headers, with repeated ones (Set-Cookie) as an array. */
export function responseHeaders(answer: IncomingMessage): Record<string, string | string[]> {
  const dropped = droppedBy(answer.headers.connection);
  const kept = Object.entries(answer.headers).filter(
    (entry): entry is [string, string | string[]] => entry[1] !== undefined && !dropped.has(entry[0]),
  );
  return Object.fromEntries(kept);
}

/** Connection itself names more of them. */
function droppedBy(connection: string | undefined): Set<string> {
  const named = (connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  return new Set([...HOP_BY_HOP, ...named]);
}
