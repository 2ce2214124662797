import { startGatewayProcess, type GatewayProcess } from './gateway-process.js';
import { events, idsOf } from './post.js';

const WORKERS = 2;
const open: GatewayProcess[] = [];
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.stop();
});

async function clusterWith(env: Record<string, string> = {}): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess({ GATEWAY_WORKERS: String(WORKERS), ...env });
  open.push(gateway);
  await until(() => workerPids(gateway).length === WORKERS);
  await gateway.service.waitReady();
  return gateway;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(reached: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000; i++) {
    if (reached()) return;
    await sleep(20);
  }
  throw new Error(`not reached: ${String(reached)}`);
}

/** Of every worker that ever listened, in order. */
const workerPids = (gateway: GatewayProcess): number[] =>
  [...gateway.service.output().matchAll(/"event":"worker_listening".*"worker_pid":(\d+)/g)].map(([, pid]) =>
    Number(pid),
  );

/** A connection of its own, so that any worker may get it. */
const alone = { headers: { connection: 'close' }, timeoutMs: 3_000 };

async function metric(gateway: GatewayProcess, series: RegExp): Promise<number> {
  const { text } = await gateway.post(undefined, { path: '/metrics', method: 'GET', ...alone });
  const line = text.split('\n').find((candidate) => series.test(candidate)) ?? '';
  return Number(line.slice(line.lastIndexOf(' ') + 1));
}

/** Sends batches over and over, each until it is taken, until told to stop. */
function load(gateway: GatewayProcess, clients: number) {
  const accepted: string[] = [];
  let running = true;
  const all = Array.from({ length: clients }, async () => {
    while (running) {
      const batch = events(5);
      for (;;) {
        const answer = await gateway.post(batch, alone).catch(() => undefined);
        if (answer?.status === 202) break;
        await sleep(20);
      }
      accepted.push(...idsOf(batch.events));
    }
  });
  return {
    accepted,
    async stop() {
      running = false;
      await Promise.all(all);
    },
  };
}

async function expectStored(gateway: GatewayProcess, accepted: readonly string[]): Promise<void> {
  const stored = new Set(idsOf(await gateway.stored()));
  expect(accepted.filter((id) => !stored.has(id))).toEqual([]);
}

describe('GATEWAY_WORKERS', () => {
  it('share the port; /metrics is the sum over all, whoever is asked', async () => {
    const gateway = await clusterWith();
    for (let i = 0; i < 20; i++) {
      expect(await gateway.post(events(3), alone)).toMatchObject({ status: 202, body: { accepted: 3 } });
    }
    for (let i = 0; i < 2 * WORKERS; i++) {
      expect(await metric(gateway, /^ingestion_duration_seconds_count/)).toBe(20);
      expect(await metric(gateway, /^api_requests_total{endpoint="\/events",status="202"/)).toBe(20);
      // A state isn't added up: two workers without Redis are not "half open".
      expect(await metric(gateway, /^event_stream_missing/)).toBe(0);
    }
    expect(new Set(workerPids(gateway)).size).toBe(WORKERS);
    expect(await gateway.stored()).toHaveLength(60);
  }, 60_000);

  it('killed under load: each is replaced, every 202 is in the stream', async () => {
    const gateway = await clusterWith();
    const clients = load(gateway, 8);
    for (let killed = 0; killed < 3; killed++) {
      await sleep(300);
      process.kill(workerPids(gateway)[killed] ?? 0, 'SIGKILL');
      await until(() => workerPids(gateway).length === WORKERS + killed + 1);
    }
    await sleep(300);
    await clients.stop();
    expect(clients.accepted.length).toBeGreaterThan(0);
    await expectStored(gateway, clients.accepted);
    expect(gateway.service.output().match(/"event":"worker_died".*"signal":"SIGKILL"/g)).toHaveLength(3);
  }, 120_000);

  it('a connection handed to a worker in the moment of its death is answered by another', async () => {
    const gateway = await clusterWith();
    const [paused = 0] = workerPids(gateway);
    process.kill(paused, 'SIGSTOP');
    // Each free worker is given one; what the paused one is given waits.
    const patient = { headers: { connection: 'close' }, timeoutMs: 30_000 };
    const answers = Array.from({ length: 6 }, () => gateway.post(events(1), patient));
    await sleep(500);
    process.kill(paused, 'SIGKILL');
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([202, 202, 202, 202, 202, 202]);
    expect(await gateway.stored()).toHaveLength(6);
  }, 60_000);

  it('what a worker had counted stays in the sum when it dies or does not answer', async () => {
    const gateway = await clusterWith();
    const taken = /^api_requests_total{endpoint="\/events",status="202"/;
    for (let i = 0; i < 20; i++) expect((await gateway.post(events(1), alone)).status).toBe(202);
    expect(await metric(gateway, taken)).toBe(20);
    const [first = 0] = workerPids(gateway);
    process.kill(first, 'SIGKILL');
    await until(() => workerPids(gateway).length === WORKERS + 1);
    expect(await metric(gateway, taken)).toBe(20);
    expect(await metric(gateway, /^ingestion_duration_seconds_bucket{le="\+Inf"/)).toBe(20);
    // A moment that is over is no state.
    expect(await metric(gateway, /^event_stream_missing/)).toBe(0);
    for (let i = 0; i < 5; i++) expect((await gateway.post(events(1), alone)).status).toBe(202);
    expect(await metric(gateway, taken)).toBe(25);
  }, 60_000);

  it('SIGTERM under load: all of them answer what they have in hand, exit code 0', async () => {
    const gateway = await clusterWith();
    let stopping = false;
    const afterSignal: (number | 'cut')[] = [];
    const clients = Array.from({ length: 8 }, async () => {
      for (;;) {
        const begunBefore = !stopping;
        const answer = await gateway.post(events(50), { timeoutMs: 10_000 }).catch(() => undefined);
        if (begunBefore && stopping) afterSignal.push(answer?.status ?? 'cut');
        if (answer === undefined) return;
      }
    });
    await sleep(300);
    stopping = true;
    await gateway.service.stop();
    await Promise.all(clients);
    // A connection that was idle in that moment may be closed; one with a request in hand may not.
    expect(afterSignal.filter((status) => status !== 202 && status !== 'cut')).toEqual([]);
    expect(afterSignal).toContain(202);
    expect(gateway.service.output().match(/"event":"stopped".*"in_time":true/g)).toHaveLength(WORKERS);
    expect(gateway.service.output()).toMatch(/"event":"stopped_workers".*"in_time":true/);
  }, 60_000);

  it('SIGTERM while they start: all of it ends with 0, and at once', async () => {
    // Without NATS and Redis a worker waits for them before it listens.
    const away = { NATS_URL: 'nats://127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' };
    const gateway = await startGatewayProcess({ GATEWAY_WORKERS: '3', ...away });
    open.push(gateway);
    await until(() => /"event":"worker_listening"/.test(gateway.service.output()));
    await gateway.service.stop();
    expect(gateway.service.output()).toMatch(/"event":"stopped_workers".*"in_time":true/);
  }, 60_000);

  it('the primary killed under load: its workers end, the port is free again, every 202 is in the stream', async () => {
    const gateway = await clusterWith();
    const before = workerPids(gateway);
    const clients = load(gateway, 8);
    await sleep(300);
    await gateway.service.kill('SIGKILL');
    await until(() => before.every((pid) => !isAlive(pid)));
    await gateway.service.restart();
    await until(() => workerPids(gateway).length === 2 * WORKERS);
    await clients.stop();
    await expectStored(gateway, clients.accepted);
  }, 120_000);

  it('write whole lines, one JSON object each, into one stream', async () => {
    const gateway = await clusterWith();
    const clients = load(gateway, 16);
    await sleep(500);
    await clients.stop();
    const lines = gateway.service.output().trim().split('\n');
    expect(lines.filter((line) => line.includes('events_accepted')).length).toBeGreaterThan(50);
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
  }, 60_000);

  it.each([
    [{ HOST: '203.0.113.1' }, /^HOST: 203\.0\.113\.1 is no address/gm],
    [{ RATE_LIMIT_WINDOW: '0' }, /^RATE_LIMIT_WINDOW: /gm],
  ])(
    'that cannot start with %j say so in one line, and the whole ends',
    async (env, line) => {
      const words = await startGatewayProcess({
        GATEWAY_WORKERS: '3',
        ...(env as Record<string, string>),
      }).then(
        async (gateway) => {
          await gateway.stop();
          return 'it started';
        },
        (error: Error) => error.message,
      );
      expect(words.match(line)).toHaveLength(1);
      expect(words).not.toMatch(/\n\s+at /);
    },
    60_000,
  );
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
