import { parseServerUrls } from './server-urls.js';

test.each([
  ['nats://localhost:4222', { servers: ['localhost:4222'] }],
  ['localhost', { servers: ['localhost:4222'] }],
  [' nats://a:1 , nats://b:2,', { servers: ['a:1', 'b:2'] }],
  ['nats://user:p%40ss@host', { servers: ['host:4222'], user: 'user', pass: 'p@ss' }],
  ['nats://s3cret@host', { servers: ['host:4222'], token: 's3cret' }],
  ['tls://host:4443', { servers: ['host:4443'], tls: {} }],
  ['nats://[::1]:4222', { servers: ['[::1]:4222'] }],
])('%s', (text, options) => {
  expect(parseServerUrls(text)).toEqual(options);
});

test('no server is an error', () => {
  expect(() => parseServerUrls(' , ')).toThrow('names no server');
});
