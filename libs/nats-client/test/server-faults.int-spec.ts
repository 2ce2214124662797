import {
  createEventPublisher,
  ensureEventStream,
  purgeAcknowledged,
  StreamUnavailableError,
  streamLag,
} from '../src/index.js';
import { freePort, startServers, type Servers } from '@event-analytics/stack';
import { createTcpProxy } from '@event-analytics/testkit';
import { bytes, eventually, opened, recordingLog, takeAll, testNames, text } from './fixture.js';

const open = opened();
let servers: Servers;
beforeEach(async () => {
  servers = await startServers({ only: ['nats'], mode: 'native' });
});
afterEach(async () => {
  await open.closeAll();
  await servers.stop();
});

const server = () => {
  if (!servers.nats) throw new Error('no NATS process to kill');
  return servers.nats;
};

async function stream(url = servers.natsUrl) {
  const names = testNames();
  const nats = await open.connect(url);
  const { epoch } = await ensureEventStream(nats, { names, maxMessages: 1_000_000 });
  const publisher = createEventPublisher(nats, { names, timeoutMs: 2_000, refreshMs: 200 });
  open.onClose(() => publisher.close());
  await eventually(() => publisher.ready(), Boolean);
  return { names, nats, publisher, epoch };
}

test('a service starts while NATS is down and goes on when it comes', async () => {
  await server().stop();
  const log = recordingLog();
  const nats = await open.connect(servers.natsUrl, log);
  expect(nats.connected()).toBe(false);
  expect(nats.status().lastError).toBeDefined();
  const names = testNames();
  const ensured = ensureEventStream(nats, { names, maxMessages: 10 });
  const publisher = createEventPublisher(nats, { names, timeoutMs: 2_000 });
  open.onClose(() => publisher.close());
  const startedMs = Date.now();
  await expect(publisher.publish(bytes('a'))).rejects.toMatchObject({
    code: 'disconnected',
    outcome: 'refused',
  });
  // At once: nowhere near the publisher's own 2 s.
  expect(Date.now() - startedMs).toBeLessThan(1_000);

  await server().restart();
  await expect(ensured).resolves.toMatchObject({ created: true });
  await publisher.publish(bytes('a'));
  expect(log.events).toContain('nats_connected');
});

test('killed over and over under load: all that was acknowledged is delivered, and the stream ends empty', async () => {
  const { names, nats, publisher, epoch } = await stream();
  const consumer = open.consume(nats, names);
  const acknowledged = new Set<string>();
  const seen = new Set<string>();
  let running = true;
  let sent = 0;

  const publishing = Array.from({ length: 50 }, async () => {
    while (running) {
      const id = `m${String((sent += 1))}`;
      try {
        await publisher.publish(bytes(id));
        acknowledged.add(id);
      } catch (error) {
        expect(error).toBeInstanceOf(StreamUnavailableError);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  });
  const drain = async (): Promise<void> => {
    const batch = [];
    for (
      let m = await consumer.next({ waitMs: 20 });
      m;
      m = batch.length < 200 ? await consumer.next() : undefined
    ) {
      batch.push(m);
    }
    for (const message of batch) seen.add(text(message));
    await consumer.ack(batch);
  };
  const consuming = (async () => {
    while (running) await drain();
  })();

  for (let round = 0; round < 4; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 700));
    await server().kill('SIGKILL');
    await server().restart();
    const backMs = Date.now();
    await eventually(() => publisher.ready(), Boolean, 5_000);
    expect(Date.now() - backMs).toBeLessThan(5_000);
  }
  running = false;
  await Promise.all([...publishing, consuming]);
  await eventually(
    async () => {
      await drain();
      await purgeAcknowledged(nats, names);
      return streamLag(nats, names);
    },
    (lag) => lag?.messages === 0 && lag.pending === 0 && lag.ackPending === 0,
    20_000,
  );
  expect([...acknowledged].filter((id) => !seen.has(id))).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(1_000);
  expect(publisher.streamEpoch()).toBe(epoch);

  // The next message comes at once: nothing stale stands before it.
  await drain();
  const waiting = nextFresh();
  const startedMs = Date.now();
  await publisher.publish(bytes('fresh'));
  await waiting;
  expect(Date.now() - startedMs).toBeLessThan(1_000);

  /** A last redelivery, crossed by its ack, may still come before it. */
  async function nextFresh(): Promise<void> {
    for (;;) {
      const message = await consumer.next({ waitMs: 5_000 });
      if (!message) throw new Error('no fresh message');
      await consumer.ack([message]);
      if (text(message) === 'fresh') return;
      expect(seen).toContain(text(message));
    }
  }
}, 90_000);

test('acks that were lost with the connection are said again', async () => {
  const proxy = await createTcpProxy(servers.natsUrl);
  open.onClose(() => proxy.close());
  const { names, nats, publisher } = await stream(proxy.url);
  const consumer = open.consume(nats, names);
  await publisher.publish(bytes('a'));
  const [message] = await takeAll(consumer);
  proxy.refuse();
  proxy.cut();
  await eventually(
    () => nats.connected(),
    (connected) => !connected,
  );
  expect(await consumer.ack([message!])).toEqual({ confirmed: false });
  proxy.heal();
  await eventually(
    () => streamLag(nats, names),
    (lag) => lag?.messages === 0 && lag.ackPending === 0,
  );
  expect(await takeAll(consumer)).toEqual([]);
});

test('acks that were lost with the server are not: what it may have given another number comes again', async () => {
  const { names, nats, publisher } = await stream();
  const consumer = open.consume(nats, names);
  await publisher.publish(bytes('a'));
  const [message] = await takeAll(consumer);
  await server().kill('SIGKILL');
  await eventually(
    () => nats.connected(),
    (connected) => !connected,
  );
  expect(await consumer.ack([message!])).toEqual({ confirmed: false });
  await server().restart();
  const again = await consumer.next({ waitMs: 10_000 });
  expect(again && text(again)).toBe('a');
  expect(await consumer.ack([again!])).toEqual({ confirmed: true });
  expect(await streamLag(nats, names)).toMatchObject({ messages: 0, ackPending: 0 });
});

test('a paused server: unknown within 2.5 s, and what was stored all the same is delivered', async () => {
  const { names, nats, publisher } = await stream();
  await server().kill('SIGSTOP');
  // A signal takes its time on a busy machine.
  await new Promise((resolve) => setTimeout(resolve, 200));
  const startedMs = Date.now();
  await expect(publisher.publish(bytes('paused'))).rejects.toMatchObject({
    code: 'timeout',
    outcome: 'unknown',
  });
  expect(Date.now() - startedMs).toBeLessThan(2_500);
  expect(publisher.ready()).toBe(false);
  expect(publisher.breakerState()).not.toBe('closed');
  // Nobody waits as long again.
  const refusedMs = Date.now();
  for (let i = 0; i < 20; i += 1) {
    await expect(publisher.publish(bytes('refused'))).rejects.toMatchObject({
      code: 'breaker_open',
      outcome: 'refused',
    });
  }
  expect(Date.now() - refusedMs).toBeLessThan(1_000);
  await server().kill('SIGCONT');
  await eventually(
    () => publisher.breakerState(),
    (state) => state === 'closed',
    5_000,
  );
  await eventually(
    () =>
      publisher.publish(bytes('after')).then(
        () => true,
        () => false,
      ),
    Boolean,
  );
  await eventually(() => publisher.ready(), Boolean);
  const delivered = (await takeAll(open.consume(nats, names))).map(text);
  expect(delivered).toContain('paused');
  expect(delivered).toContain('after');
  // Neither what was refused nor the probes.
  expect([...new Set(delivered)].sort()).toEqual(['after', 'paused']);
});

test('a black hole under load is left within 15 s, and memory is bounded meanwhile', async () => {
  const proxy = await createTcpProxy(servers.natsUrl);
  open.onClose(() => proxy.close());
  const { names, nats, publisher } = await stream(proxy.url);
  await publisher.publish(bytes('before'));

  proxy.blackHole();
  const startedMs = Date.now();
  const codes = new Set<string>();
  // More than the kernel's buffers take: the driver alone would wait for these bytes before it gave up the socket.
  const load = Array.from({ length: 200 }, () =>
    publisher.publish(new Uint8Array(500_000)).catch((error: unknown) => {
      codes.add(error instanceof StreamUnavailableError ? error.code : String(error));
    }),
  );
  await Promise.all(load);
  // Each publish gives up after a second or two, and not one after another: that would be minutes.
  expect(Date.now() - startedMs).toBeLessThan(10_000);
  expect([...codes].sort()).toEqual(['congested', 'timeout']);
  expect(publisher.breakerState()).not.toBe('closed');
  expect(publisher.unacknowledgedBytes()).toBeLessThanOrEqual(64 * 1024 * 1024);
  await eventually(
    () => nats.connected(),
    (connected) => !connected,
    15_000 - (Date.now() - startedMs),
  );

  proxy.heal();
  await eventually(() => nats.connected(), Boolean, 5_000);
  await eventually(
    () => publisher.breakerState(),
    (state) => state === 'closed',
  );
  await publisher.publish(bytes('after'));
  expect(publisher.unacknowledgedBytes()).toBe(0);
  const lag = await streamLag(nats, names);
  expect(lag?.messages).toBeGreaterThanOrEqual(2);
}, 40_000);

test('closing ends quickly, whatever the state', async () => {
  const never = await open.connect(`nats://127.0.0.1:${String(await freePort())}`);
  const { nats } = await stream();
  await server().kill('SIGSTOP');
  const startedMs = Date.now();
  await Promise.all([never.close(), nats.close()]);
  expect(Date.now() - startedMs).toBeLessThan(3_000);
  await server().kill('SIGCONT');
});
