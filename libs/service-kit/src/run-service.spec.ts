import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { createServer, connect, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const TINY = fileURLToPath(new URL('../test/tiny-service.ts', import.meta.url));

function start(...args: number[]) {
  const child = spawn(
    process.execPath,
    ['--conditions=@event-analytics/source', '--import', 'tsx', TINY, ...args.map(String)],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, ended, output: () => output, errors: () => errors };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const up = await fetch(`${url}/health/live`).then(
      (r) => r.ok,
      () => false,
    );
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the service did not listen');
}

async function running(o: { slowMs?: number; closeMs?: number } = {}) {
  const port = await freePort();
  const service = start(port, o.slowMs ?? 0, o.closeMs ?? 0);
  children.push(service.child);
  const url = `http://127.0.0.1:${port}`;
  await listening(url);
  return { ...service, url, port };
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

describe('a running service', () => {
  jest.setTimeout(30_000);

  test('SIGTERM: the request in hand is answered, then it ends with 0', async () => {
    const service = await running({ slowMs: 500 });
    const answer = fetch(`${service.url}/slow`);
    await new Promise((resolve) => setTimeout(resolve, 150));
    service.child.kill('SIGTERM');
    expect(await (await answer).json()).toEqual({ done: true });
    expect(await service.ended).toBe(0);
    expect(service.output()).toContain('"event":"stopped"');
  });

  test('SIGTERM: a request that outlasts the limit is cut off and it ends with 1', async () => {
    const service = await running({ slowMs: 5_000 });
    const answer = fetch(`${service.url}/slow`).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 150));
    service.child.kill('SIGTERM');
    expect(await answer).toMatchObject({ message: 'fetch failed' });
    expect(await service.ended).toBe(1);
  });

  test('SIGTERM: readiness is 503 at once, over a connection that is kept alive', async () => {
    const service = await running({ slowMs: 1_000 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const readiness = async () => {
      const request = get(`${service.url}/health/ready`, { agent });
      const [answer] = (await once(request, 'response')) as [IncomingMessage];
      answer.resume();
      await once(answer, 'end');
      return { status: answer.statusCode, connection: answer.headers.connection };
    };
    expect(await readiness()).toEqual({ status: 200, connection: 'keep-alive' });
    const slow = fetch(`${service.url}/slow`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    service.child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await readiness()).toEqual({ status: 503, connection: 'close' });
    expect((await slow).status).toBe(200);
    expect(await service.ended).toBe(0);
    agent.destroy();
  });

  test('what nobody caught while stopping: the request in hand is answered all the same, then it ends with 1', async () => {
    const service = await running({ slowMs: 600 });
    const slow = fetch(`${service.url}/slow`);
    await (await fetch(`${service.url}/reject`)).text();
    service.child.kill('SIGTERM');
    expect(await (await slow).json()).toEqual({ done: true });
    expect(await service.ended).toBe(1);
    expect(service.output()).toContain('"event":"unhandled_rejection"');
  });

  test('one signal after what nobody caught cuts nothing off: it is the first', async () => {
    const service = await running({ slowMs: 600 });
    const slow = fetch(`${service.url}/slow`);
    await fetch(`${service.url}/crash`).catch(() => undefined);
    service.child.kill('SIGTERM');
    expect(await (await slow).json()).toEqual({ done: true });
    expect(await service.ended).toBe(1);
  });

  test('a second signal ends it at once', async () => {
    const service = await running({ slowMs: 5_000 });
    const answer = fetch(`${service.url}/slow`).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 150));
    service.child.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 100));
    service.child.kill('SIGINT');
    expect(await service.ended).toBe(1);
    await answer;
  });

  test('a port that is taken is one line that says what to do', async () => {
    const { port } = await running();
    const second = start(port);
    expect(await second.ended).toBe(1);
    expect(second.errors()).toBe(
      `PORT: ${port} is taken on 127.0.0.1; stop what uses it or set another PORT\n`,
    );
  });

  test('what nobody caught is logged and ends it with 1', async () => {
    const service = await running();
    await fetch(`${service.url}/crash`).catch(() => undefined);
    expect(await service.ended).toBe(1);
    expect(service.output()).toContain('"event":"uncaught_exception"');
    expect(service.output()).toContain('nobody caught this');
  });

  test.each([
    ['headers of 20 KB', `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['what is not HTTP', 'hello there\r\n\r\n', 400],
  ])('%s are answered with a problem', async (_name, sent, status) => {
    const { port } = await running();
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.write(sent);
    await once(socket, 'close');
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain('application/problem+json');
  });

  test('a client that never finishes its headers is cut off within 15 s', async () => {
    const { port } = await running();
    const socket = connect(port, '127.0.0.1');
    const beganMs = performance.now();
    socket.resume();
    socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\n');
    await once(socket, 'close');
    expect(performance.now() - beganMs).toBeLessThan(15_000);
  });
});
