import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createDrain } from './drain.js';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const open: { server: Server; agent: Agent }[] = [];
afterEach(() => {
  for (const { server, agent } of open.splice(0)) {
    agent.destroy();
    server.closeAllConnections();
  }
});

/** A server that takes `answerMs` for each answer, and a client that keeps its connections alive. */
async function serving(answerMs = 0) {
  const server = createServer((incoming, response) => {
    incoming.resume().once('end', () => setTimeout(() => response.end('done'), answerMs));
  });
  const drain = createDrain(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  open.push({ server, agent });
  async function post() {
    const outgoing = request({ host: '127.0.0.1', port, method: 'POST', agent });
    outgoing.end('x');
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    answer.resume();
    await once(answer, 'end');
    return { reused: outgoing.reusedSocket, connection: answer.headers.connection };
  }
  return { server, drain, port, post };
}

describe('draining a server', () => {
  test('without connections is over at once', async () => {
    const { drain } = await serving();
    const beganMs = performance.now();
    await drain();
    expect(performance.now() - beganMs).toBeLessThan(1_000);
  });

  test('a request that comes over an open connection is answered, with word that it is the last', async () => {
    const { drain, post } = await serving();
    expect(await post()).toEqual({ reused: false, connection: 'keep-alive' });
    const drained = drain();
    await sleep(100);
    expect(await post()).toEqual({ reused: true, connection: 'close' });
    await drained;
  });

  test('a request in hand is answered, with word that it is the last', async () => {
    const { drain, post } = await serving(400);
    const answer = post();
    await sleep(100);
    const drained = drain();
    expect((await answer).connection).toBe('close');
    await drained;
  });

  test('a connection that stays silent is closed', async () => {
    const { drain, post } = await serving();
    await post();
    const beganMs = performance.now();
    await drain();
    expect(performance.now() - beganMs).toBeLessThan(1_000);
  });

  test('clients that never pause lose no request that went over an open connection', async () => {
    const { drain, post } = await serving(2);
    let working = 0;
    let stopped = 0;
    async function client(): Promise<void> {
      let connection = (await post()).connection;
      working += 1;
      while (connection !== 'close') ({ connection } = await post());
      stopped += 1;
    }
    const clients = Array.from({ length: 32 }, client);
    while (working < clients.length) await sleep(5);
    await drain();
    // One that lost a request would have thrown.
    await Promise.all(clients);
    expect(stopped).toBe(32);
  });

  test('a request that had come, unread and over a connection not yet accepted, is answered', async () => {
    const { drain, post } = await serving();
    await post();
    const overOpen = post();
    const overNew = post();
    // Both are sent, and then this process, which is the server as well, is busy for longer than the grace.
    await sleep(0);
    const drained = drain();
    const untilMs = performance.now() + 400;
    while (performance.now() < untilMs);
    expect((await overOpen).connection).toBe('close');
    expect((await overNew).connection).toBe('close');
    await drained;
  });

  test('a request whose connection is only being opened is answered', async () => {
    const { drain, post } = await serving();
    const drained = drain();
    await sleep(10);
    expect(await post()).toEqual({ reused: false, connection: 'close' });
    await drained;
  });

  test('after a moment nobody new is let in', async () => {
    const { drain, port, post } = await serving(300);
    const answer = post();
    await sleep(50);
    const drained = drain();
    await sleep(150);
    const socket: Socket = connect(port, '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
    await answer;
    await drained;
  });
});
