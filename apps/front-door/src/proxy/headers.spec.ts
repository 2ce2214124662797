import type { IncomingMessage } from 'node:http';
import { requestHeaders, responseHeaders } from './headers.js';

const facts = { remoteAddress: '10.0.0.7', protocol: 'https', host: 'events.example', requestId: 'r-1' };

test('what speaks of one connection only stays behind, also what Connection names', () => {
  const headers = requestHeaders({
    ...facts,
    headers: {
      connection: 'close, X-Hop',
      'x-hop': '1',
      'keep-alive': 'timeout=5',
      te: 'trailers',
      'transfer-encoding': 'chunked',
      upgrade: 'h2c',
      'proxy-authorization': 'Basic eA==',
      expect: '100-continue',
      host: 'somewhere',
      authorization: 'Bearer key',
      'content-type': 'application/json',
    },
  });
  expect(headers).toEqual({
    authorization: 'Bearer key',
    'content-type': 'application/json',
    'x-forwarded-for': '10.0.0.7',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'events.example',
    'x-request-id': 'r-1',
  });
});

test('our client comes last in the chain: what it claims itself stands before', () => {
  const headers = requestHeaders({ ...facts, headers: { 'x-forwarded-for': '1.2.3.4, 5.6.7.8' } });
  expect(headers['x-forwarded-for']).toBe('1.2.3.4, 5.6.7.8, 10.0.0.7');
});

test('an answer keeps its own headers, repeated ones as a list', () => {
  const answer = {
    headers: { 'set-cookie': ['a=1', 'b=2'], etag: '"x"', connection: 'keep-alive, X-Hop', 'x-hop': '1' },
  } as Pick<IncomingMessage, 'headers'> as IncomingMessage;
  expect(responseHeaders(answer)).toEqual({ 'set-cookie': ['a=1', 'b=2'], etag: '"x"' });
});
