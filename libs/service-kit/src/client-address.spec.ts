import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { clientAddress } from './client-address.js';

const FORWARDED = [
  undefined,
  '',
  '203.0.113.7',
  '203.0.113.7, 10.0.0.1',
  ' 203.0.113.7 ,, 10.0.0.1,',
  '2001:db8::1, 203.0.113.7, 127.0.0.1',
  'spoofed, 203.0.113.7:1234',
];

describe.each<[number | string | boolean]>([
  [0],
  [1],
  [2],
  [5],
  [true],
  ['loopback'],
  ['127.0.0.1,10.0.0.0/8'],
])('the address of a client behind proxies trusted by %p', (trustProxy) => {
  it.each(FORWARDED)('is what Express says: X-Forwarded-For %p', async (header) => {
    const app = express();
    app.set('trust proxy', trustProxy);
    app.use((request, response) => {
      response.json([request.ip, clientAddress(app, request)]);
    });
    const server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const body = await new Promise<string>((resolve, reject) => {
      const headers = header === undefined ? {} : { 'x-forwarded-for': header };
      get({ port, host: '127.0.0.1', headers, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve(text));
      }).on('error', reject);
    });
    server.close();
    const [said, ours] = JSON.parse(body) as [string, string];
    expect(ours).toBe(said);
  });
});
