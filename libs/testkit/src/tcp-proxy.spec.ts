import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from './eventually.js';
import { createTcpProxy, type TcpProxy } from './tcp-proxy.js';

/** A server that answers each chunk with the same in capitals, and remembers what it heard. */
async function echoServer() {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      heard.push(chunk.toString());
      socket.write(chunk.toString().toUpperCase());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}/0`,
    heard: () => heard.join(''),
    connections: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function client(proxy: TcpProxy) {
  const socket = connect(proxy.port, '127.0.0.1');
  const got: string[] = [];
  let closed = false;
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => got.push(chunk.toString()));
  socket.on('close', () => (closed = true));
  await new Promise<void>((settled) => socket.on('connect', settled).on('close', settled));
  return {
    say: (text: string) => socket.write(text),
    got: () => got.join(''),
    closed: () => closed,
    hears: (text: string) =>
      eventually(
        `hears ${text}`,
        2_000,
        () => got.join(''),
        (all) => all.includes(text),
      ),
    isCut: () =>
      eventually(
        'is cut',
        2_000,
        () => closed,
        (is) => is,
      ),
    end: () => socket.destroy(),
  };
}

// Long enough for what is to pass on the loopback; a test that expects nothing waits so long for it.
const A_WHILE_MS = 150;

describe('a cable between client and server', () => {
  let server: Awaited<ReturnType<typeof echoServer>>;
  let proxy: TcpProxy;
  const clients: { end: () => void }[] = [];
  const join = async () => {
    const one = await client(proxy);
    clients.push(one);
    return one;
  };
  beforeEach(async () => {
    server = await echoServer();
    proxy = await createTcpProxy(server.url);
  });
  afterEach(async () => {
    for (const one of clients.splice(0)) one.end();
    await proxy.close();
    await server.close();
  });

  it('passes on both ways, under the same URL but for the port', async () => {
    const one = await join();
    one.say('a');
    await one.hears('A');
    expect(proxy.url).toBe(`redis://127.0.0.1:${proxy.port}/0`);
    expect(proxy.connections()).toBe(1);
  });

  it('tells each end that the other has gone', async () => {
    const one = await join();
    one.say('a');
    await one.hears('A');
    one.end();
    await eventually('the server is told', 2_000, server.connections, (n) => n === 0);
  });

  it('swallows, tells nobody, and does not revive what was swallowed', async () => {
    const one = await join();
    one.say('a');
    await one.hears('A');
    proxy.blackHole();
    one.say('b');
    const other = await join();
    other.say('c');
    await sleep(A_WHILE_MS);
    expect([server.heard(), one.closed(), other.closed()]).toEqual(['a', false, false]);

    proxy.heal();
    const third = await join();
    third.say('d');
    await third.hears('D');
    one.say('e');
    await sleep(A_WHILE_MS);
    expect([server.heard(), one.got(), one.closed()]).toEqual(['ad', 'A', false]);
  });

  it('swallows in one direction alone', async () => {
    const one = await join();
    proxy.blackHole('to_client');
    one.say('a');
    await eventually('the server hears', 2_000, server.heard, (all) => all === 'a');
    await sleep(A_WHILE_MS);
    expect(one.got()).toBe('');
  });

  it('holds back, and loses nothing of it', async () => {
    const one = await join();
    proxy.hold();
    one.say('a');
    await sleep(A_WHILE_MS);
    expect(server.heard()).toBe('');
    proxy.heal();
    await one.hears('A');
  });

  it('delays, in order', async () => {
    const one = await join();
    proxy.delay(100, 'to_client');
    one.say('a');
    await eventually('the server hears', 2_000, server.heard, (all) => all === 'a');
    expect(one.got()).toBe('');
    one.say('b');
    proxy.heal();
    await one.hears('AB');
  });

  it('cuts what is there and takes new ones', async () => {
    const one = await join();
    proxy.cut();
    await one.isCut();
    const other = await join();
    other.say('a');
    await other.hears('A');
  });

  it('cuts after so many bytes, the rest is lost', async () => {
    const one = await join();
    proxy.cutAfterBytes(3, 'to_client');
    one.say('abcdef');
    await one.isCut();
    expect(one.got()).toBe('ABC');
    expect(server.heard()).toBe('abcdef');
  });

  it('cuts before a chunk that it is asked to look out for, once', async () => {
    const one = await join();
    const happened = proxy.cutBefore('to_client', (chunk) => chunk.includes('DONE'));
    one.say('a');
    await one.hears('A');
    one.say('done');
    await happened;
    await one.isCut();
    expect([server.heard(), one.got()]).toEqual(['adone', 'A']);
    const other = await join();
    other.say('done');
    await other.hears('DONE');
  });

  it('refuses', async () => {
    const one = await join();
    proxy.refuse();
    await one.isCut();
    await (await join()).isCut();
    proxy.heal();
    const other = await join();
    other.say('a');
    await other.hears('A');
  });
});
