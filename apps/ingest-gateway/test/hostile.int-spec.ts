import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { gibibyteOfSpacesPacked, openSlowSockets } from '@event-analytics/testkit';
import { startGatewayProcess, type GatewayProcess } from './gateway-process.js';
import { event, events } from './post.js';

const MIB = 1024 * 1024;
/** What all unanswered bodies together may hold. */
const ROOM_MIB = 20;

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await startGatewayProcess({ MAX_IN_FLIGHT_BYTES: String(ROOM_MIB * MIB) });
  await gateway.service.waitReady();
  // Warm: what is measured below is not the first use of anything.
  for (let i = 0; i < 20; i++) expect((await gateway.post(events(100))).status).toBe(202);
});
afterAll(() => gateway.stop());

/** Writes bytes as they are and collects what comes back until the connection ends. */
function rawRequest(head: string, body?: Buffer | string): { socket: Socket; answer: Promise<string> } {
  const socket = connect(gateway.service.port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  const answer = new Promise<string>((resolve) => socket.on('close', () => resolve(text)));
  socket.write(head.replaceAll('\n', '\r\n'));
  if (body !== undefined) socket.write(body);
  return { socket, answer };
}

async function expectAlive(): Promise<void> {
  expect((await gateway.post(events(1))).status).toBe(202);
}

describe('memory', () => {
  it('gzip bombs of 1 GiB: refused; memory grows by less than 50 MiB, of twenty at once by the room for bodies more', async () => {
    const bomb = await gibibyteOfSpacesPacked();
    expect(bomb.length).toBeLessThan(1.1 * MIB);
    const send = () => gateway.post(undefined, { raw: bomb, headers: { 'content-encoding': 'gzip' } });
    const beforeBytes = await gateway.residentBytes();
    let peakBytes = 0;
    let watching = true;
    const watch = (async () => {
      while (watching) {
        peakBytes = Math.max(peakBytes, await gateway.residentBytes());
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
    const oneByOne: number[] = [];
    for (let i = 0; i < 5; i++) oneByOne.push((await send()).status);
    const peakOneByOneBytes = peakBytes;
    const atOnce = await Promise.all(Array.from({ length: 20 }, send));
    watching = false;
    await watch;
    expect(oneByOne).toEqual([413, 413, 413, 413, 413]);
    expect((peakOneByOneBytes - beforeBytes) / MIB).toBeLessThan(50);
    // 503 where the others had all the room there is.
    expect(atOnce.filter(({ status }) => status !== 413 && status !== 503)).toEqual([]);
    expect((peakBytes - beforeBytes) / MIB).toBeLessThan(50 + ROOM_MIB);
    await expectAlive();
  });

  it('bodies over the limit, without end: cut off, memory stays', async () => {
    const beforeBytes = await gateway.residentBytes();
    const head =
      'POST /events HTTP/1.1\nHost: x\nContent-Type: application/json\nContent-Length: 4000000000\n\n';
    const floods = Array.from({ length: 5 }, () => {
      const { socket, answer } = rawRequest(head);
      const block = Buffer.alloc(MIB, 0x20);
      const pump = () => {
        while (!socket.destroyed && socket.write(block));
        if (!socket.destroyed) socket.once('drain', pump);
      };
      pump();
      return answer;
    });
    for (const answer of await Promise.all(floods)) expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(((await gateway.residentBytes()) - beforeBytes) / MIB).toBeLessThan(50);
    await expectAlive();
  }, 30_000);
});

describe('raw sockets', () => {
  const body = JSON.stringify({ events: [event()] });
  const headers = 'Host: x\nContent-Type: application/json\n';

  it('a Content-Length longer than the body: the client leaves, nothing is taken', async () => {
    const stored = (await gateway.stored()).length;
    const { socket } = rawRequest(
      `POST /events HTTP/1.1\n${headers}Content-Length: ${body.length + 10}\n\n`,
      body,
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await gateway.stored()).length).toBe(stored);
    await expectAlive();
  });

  it('a Content-Length shorter than the body: broken JSON, and the rest is no request', async () => {
    const { answer } = rawRequest(
      `POST /events HTTP/1.1\n${headers}Content-Length: ${body.length - 5}\n\n`,
      body,
    );
    const text = await answer;
    // Whichever is noticed first: the broken JSON, or that what follows is no HTTP.
    expect(new Set(text.match(/HTTP\/1\.1 \d+/g))).toEqual(new Set(['HTTP/1.1 400']));
    await expectAlive();
  });

  it('both Content-Length and Transfer-Encoding: 400', async () => {
    const { answer } = rawRequest(
      `POST /events HTTP/1.1\n${headers}Content-Length: 3\nTransfer-Encoding: chunked\n\n0\n\n`,
    );
    expect(await answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('a broken chunk: 400', async () => {
    const { answer } = rawRequest(
      `POST /events HTTP/1.1\n${headers}Transfer-Encoding: chunked\n\nzz\nhello\n`,
    );
    expect(await answer).toMatch(/^HTTP\/1\.1 400 /);
    await expectAlive();
  });

  it('headers of 20 KB: 431', async () => {
    const { answer } = rawRequest(`POST /events HTTP/1.1\n${headers}X-Long: ${'x'.repeat(20_000)}\n\n`);
    expect(await answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('Expect: 100-continue: is told to go on, then taken', async () => {
    const { socket, answer } = rawRequest(
      `POST /events HTTP/1.1\n${headers}Expect: 100-continue\nConnection: close\nContent-Length: ${body.length}\n\n`,
    );
    await once(socket, 'data');
    socket.write(body);
    const text = await answer;
    expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n/);
    expect(text).toMatch(/^HTTP\/1\.1 202 /m);
  });

  it('requests in a pipeline: each is answered, in order', async () => {
    const one =
      `POST /events HTTP/1.1\n${headers}Content-Length: ${body.length}\n\n`.replaceAll('\n', '\r\n') + body;
    const last = one.replace('Host: x', 'Host: x\r\nConnection: close');
    const { answer } = rawRequest('', one + one + last);
    expect((await answer).match(/HTTP\/1\.1 \d+/g)).toEqual(new Array(3).fill('HTTP/1.1 202'));
  });
});

describe('slow clients', () => {
  it('500 sockets that send a byte a second are closed within 15 s; others hardly notice', async () => {
    const medianMs = async (count: number) => {
      const ms: number[] = [];
      for (let i = 0; i < count; i++) {
        const answer = await gateway.post(events(10));
        expect(answer.status).toBe(202);
        ms.push(answer.ms);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return ms.sort((a, b) => a - b)[Math.floor(count / 2)] ?? Infinity;
    };
    const quietMs = await medianMs(200);

    const slow = openSlowSockets(gateway.service.port, 500);
    const busyMs = await medianMs(200);
    const closedMs = await slow.end({ afterMs: 20_000 });
    expect(closedMs).toHaveLength(500);
    expect(Math.max(...closedMs)).toBeLessThan(15_000);
    // The median, for the tail of a shared machine says more about its neighbours.
    expect(busyMs).toBeLessThan(Math.max(2 * quietMs, 20));
  }, 60_000);
});
