import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { answerUnreadable } from './unreadable-request.js';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function serving(answer: RequestListener = (_request, response) => void response.end('done')) {
  const timeouts = { headersTimeout: 300, requestTimeout: 300, connectionsCheckingInterval: 50 };
  const server = createServer(timeouts, answer);
  answerUnreadable(server);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connections = () =>
    new Promise<number>((resolve, reject) => {
      server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  /** Never hangs up by itself. */
  function send(bytes: string) {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    sockets.push(socket);
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString())).on('error', () => undefined);
    socket.write(bytes);
    return { socket, text: () => text };
  }
  return { send, connections };
}

describe('a request that cannot be read', () => {
  test.each([
    [
      'of too many headers',
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    ['of far too many headers', `GET / HTTP/1.1\r\nX: ${'a'.repeat(2_000_000)}`, 431, 'headers_too_large'],
    ['of something else', 'SSH-2.0-OpenSSH_9.2\r\n', 400, 'bad_request'],
    ['of headers without end', 'GET / HTTP/1.1\r\nHost: x\r\n', 408, 'request_timeout'],
  ])(
    '%s gets a problem, and its connection is closed though it never hangs up',
    async (_of, bytes, status, code) => {
      const { send, connections } = await serving();
      const client = send(bytes);
      await once(client.socket, 'end');
      const [head = '', body = ''] = client.text().split('\r\n\r\n');
      expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(head).toContain('Content-Type: application/problem+json');
      const problem = JSON.parse(body) as Record<string, unknown>;
      expect(problem).toMatchObject({ status, code });
      expect(head).toContain(`X-Request-Id: ${String(problem['request_id'])}`);
      await sleep(1_500);
      expect(await connections()).toBe(0);
    },
  );

  test('is not answered in the middle of an answer that has begun', async () => {
    const { send, connections } = await serving((_request, response) => void response.write('begun'));
    const client = send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc');
    await once(client.socket, 'end');
    expect(client.text()).toMatch(/^HTTP\/1\.1 200 /);
    expect(client.text()).toMatch(/5\r\nbegun\r\n$/);
    expect(await connections()).toBe(0);
  });

  test('is answered where its body stops short before there is an answer', async () => {
    const { send } = await serving(() => undefined);
    const client = send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc');
    await once(client.socket, 'end');
    expect(client.text()).toMatch(/^HTTP\/1\.1 408 /);
  });
});
