import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createLogger, createMetrics } from '@event-analytics/service-kit';
import { createApp } from './app.js';
import type { Upstreams } from './upstream.js';

const servers: Server[] = [];
const closers: (() => void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await Promise.all(
    servers.splice(0).map((server) => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    }),
  );
});

async function listen(listener: RequestListener): Promise<URL> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** An address at which nobody answers. */
async function deadUrl(): Promise<URL> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return new URL(`http://127.0.0.1:${port}`);
}

async function frontDoor(
  o: { gateway?: RequestListener; stats?: RequestListener; writer?: RequestListener } = {},
  upstreamTimeoutMs = 5_000,
): Promise<URL> {
  const url = (listener?: RequestListener): Promise<URL> => (listener ? listen(listener) : deadUrl());
  const upstreams: Upstreams = {
    gateway: { name: 'ingest-gateway', url: await url(o.gateway) },
    stats: { name: 'stats-api', url: await url(o.stats) },
    writer: { name: 'jetstream-writer', url: await url(o.writer) },
  };
  const { app, close } = createApp({
    upstreams,
    upstreamTimeoutMs,
    trustProxy: 0,
    log: createLogger({ service: 'front-door', level: 'error' }),
    metrics: createMetrics({ service: 'front-door' }),
    ready: () => true,
  });
  closers.push(close);
  return listen(app);
}

const healthy =
  (service: string): RequestListener =>
  (request, response) => {
    if (request.url === '/health')
      response.setHeader('content-type', 'application/json').end('{"status":"ok"}');
    else response.end(`# TYPE api_requests_total counter\napi_requests_total{service="${service}"} 1\n`);
  };

test('a request arrives as it was sent, its answer comes back as it was given', async () => {
  let seen: (Pick<IncomingMessage, 'method' | 'url' | 'headers'> & { body: string }) | undefined;
  const door = await frontDoor({
    gateway: (request, response) => {
      const { method, url, headers } = request;
      void text(request).then((body) => {
        seen = { method, url, headers, body };
        response.writeHead(202, {
          'content-type': 'application/json',
          'set-cookie': ['a=1', 'b=2'],
          'x-own': 'yes',
        });
        response.end('{"accepted":1}');
      });
    },
  });
  const response = await fetch(new URL('/events?partial=true&x=%20a', door), {
    method: 'POST',
    body: '{"events":[]}',
    headers: { authorization: 'Bearer k', 'x-request-id': 'mine', 'x-forwarded-for': '9.9.9.9' },
  });
  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({ accepted: 1 });
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(response.headers.get('x-own')).toBe('yes');
  expect(seen).toMatchObject({ method: 'POST', url: '/events?partial=true&x=%20a', body: '{"events":[]}' });
  expect(seen?.headers).toMatchObject({
    authorization: 'Bearer k',
    'x-request-id': 'mine',
    'x-forwarded-for': '9.9.9.9, 127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': door.host,
  });
});

test('statistics go to the other service, whatever their path', async () => {
  const door = await frontDoor({ stats: (request, response) => response.end(request.url) });
  const response = await fetch(new URL('/stats/a/b?from=2024-01-01', door));
  expect(await response.text()).toBe('/stats/a/b?from=2024-01-01');
  expect((await fetch(new URL('/stats', door))).status).toBe(404);
});

test('bodies are streamed both ways: the first part is through before the second is sent', async () => {
  const door = await frontDoor({ gateway: (request, response) => void request.pipe(response) });
  const outgoing = httpRequest(new URL('/events', door), { method: 'POST' });
  outgoing.write('first');
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  const [first] = (await once(answer, 'data')) as [Buffer];
  expect(first.toString()).toBe('first');
  outgoing.end('second');
  expect(await text(answer)).toBe('second');
});

test('a service that is away is 503 with Retry-After, in the common form', async () => {
  const door = await frontDoor();
  const response = await fetch(new URL('/stats/dau', door));
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('1');
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  const body = (await response.json()) as { detail: string };
  expect(body).toMatchObject({
    status: 503,
    code: 'upstream_unavailable',
    detail: expect.stringContaining('stats-api'),
  });
  expect(body.detail).not.toContain('ECONN');
});

test('a service that is silent is 503 too', async () => {
  const door = await frontDoor({ stats: () => undefined }, 100);
  expect((await fetch(new URL('/stats/dau', door))).status).toBe(503);
});

test('an answer that breaks off breaks off for the client', async () => {
  const door = await frontDoor({
    stats: (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setTimeout(() => response.destroy(), 20);
    },
  });
  const response = await fetch(new URL('/stats/dau', door));
  await expect(response.text()).rejects.toThrow();
});

test('a client that leaves takes its request to the service with it', async () => {
  let left: () => void;
  const gone = new Promise<void>((resolve) => (left = resolve));
  const arrived = new Promise<void>((resolve) => {
    void frontDoor({
      gateway: (request) => {
        request.resume();
        request.socket.once('close', () => left());
        resolve();
      },
    }).then((door) => {
      const client = connect(Number(door.port), '127.0.0.1', () => {
        client.write('POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
        void arrived.then(() => client.destroy());
      });
    });
  });
  await arrived;
  await gone;
});

test('a refusal reaches the client before it has sent everything, and the connection comes to its end', async () => {
  const door = await frontDoor({
    gateway: (request, response) => {
      // As the gateway does it: answers at once, lets the client write on for a while, then closes.
      response.writeHead(413).end('too large');
      request.resume();
      setTimeout(() => request.socket.destroy(), 100);
    },
  });
  const outgoing = httpRequest(new URL('/events', door), { method: 'POST' });
  outgoing.write('the first part');
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  expect(answer.statusCode).toBe(413);
  expect(await text(answer)).toBe('too large');
  const parts = setInterval(() => outgoing.write(Buffer.alloc(1024 * 1024)), 10);
  await new Promise((resolve) => setTimeout(resolve, 300));
  clearInterval(parts);
  // Taken to its end although the service is gone: else the last write would wait for ever.
  await new Promise<void>((resolve) => outgoing.end(resolve));
});

test('a connection that the service closed while it idled is not the client’s concern', async () => {
  const door = await frontDoor({
    stats: (request, response) => {
      response.end('ok');
      // Without a word to the other side: as a service that is restarted.
      response.once('finish', () => setTimeout(() => request.socket.destroy(), 1));
    },
  });
  for (let round = 0; round < 30; round += 1) {
    expect((await fetch(new URL('/stats/dau', door))).status).toBe(200);
  }
});

test('/health is 200 when all services are up, and shows each', async () => {
  const all = { gateway: healthy('g'), stats: healthy('s'), writer: healthy('w') };
  const response = await fetch(new URL('/health', await frontDoor(all)));
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    status: 'ok',
    dependencies: {
      'ingest-gateway': { status: 'ok', state: 'ok' },
      'stats-api': { status: 'ok' },
      'jetstream-writer': { status: 'ok' },
    },
  });
});

test.each(['gateway', 'stats', 'writer'] as const)('/health is 503 when %s is away', async (missing) => {
  const all = { gateway: healthy('g'), stats: healthy('s'), writer: healthy('w') };
  const { [missing]: _, ...rest } = all;
  expect((await fetch(new URL('/health', await frontDoor(rest)))).status).toBe(503);
});

test('/health is 503 when a service says so itself', async () => {
  const ill: RequestListener = (_request, response) => response.writeHead(503).end('{"status":"down"}');
  const door = await frontDoor({ gateway: healthy('g'), stats: ill, writer: healthy('w') });
  const response = await fetch(new URL('/health', door));
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ dependencies: { 'stats-api': { status: 'down' } } });
});

test('/metrics joins those of all that answer, and says who does not', async () => {
  const door = await frontDoor({ gateway: healthy('ingest-gateway'), stats: healthy('stats-api') });
  const body = await (await fetch(new URL('/metrics', door))).text();
  expect(body.match(/^# TYPE api_requests_total /gm)).toHaveLength(1);
  expect(body).toContain('api_requests_total{service="ingest-gateway"} 1');
  expect(body).toContain('api_requests_total{service="stats-api"} 1');
  expect(body).toMatch(/front_door_upstream_up\{upstream="jetstream-writer",service="front-door"\} 0/);
  expect(body).toMatch(/front_door_upstream_up\{upstream="stats-api",service="front-door"\} 1/);
});

test('the root leads to the documentation', async () => {
  const response = await fetch(await frontDoor(), { redirect: 'manual' });
  expect([response.status, response.headers.get('location')]).toEqual([302, '/docs/']);
});
