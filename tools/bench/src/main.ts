/**
 * npm run bench: events in through the gateway's HTTP, through stream and writer, until the
 * statistics count every one of them, on private servers made for the run. It fails when the
 * statistics and what was sent disagree by one.
 */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { startServers, startService, type ServiceProcess } from '@event-analytics/stack';
import yargs from 'yargs';
import { makeBodies, sendAll } from './load.js';

const options = yargs(process.argv.slice(2))
  .scriptName('npm run bench --')
  .option('events', { type: 'number', default: 100_000, describe: 'How many events to send' })
  .option('batch', { type: 'number', default: 100, describe: 'Events a request' })
  .option('connections', { type: 'number', default: 8, describe: 'Kept-alive connections' })
  .option('users', { type: 'number', default: 10_000, describe: 'Distinct users' })
  .option('json', { type: 'string', describe: 'Also write the result to this file' })
  .check((o) => {
    for (const name of ['events', 'batch', 'connections', 'users'] as const) {
      if (!Number.isInteger(o[name]) || o[name] < 1)
        throw new Error(`--${name} must be a whole number of at least 1`);
    }
    return true;
  })
  .strict()
  .parseSync();

async function countedEvents(statsUrl: string, nowMs: number): Promise<number> {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const range = `from=${day(nowMs - 40 * 86_400_000)}&to=${day(nowMs + 86_400_000)}&limit=1000`;
  const response = await fetch(`${statsUrl}/stats/top-events?${range}`);
  if (response.status !== 200)
    throw new Error(`stats-api answered ${String(response.status)}: ${await response.text()}`);
  const body = (await response.json()) as { events: { count: number }[] };
  return body.events.reduce((sum, e) => sum + e.count, 0);
}

async function run(): Promise<void> {
  const servers = await startServers({});
  const services: ServiceProcess[] = [];
  try {
    const env = {
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      RATE_LIMIT_REQUESTS: '0',
      DATABASE_URL: servers.postgresUrl,
      REDIS_URL: servers.redisUrl,
      NATS_URL: servers.natsUrl,
    };
    const start = async (app: string) => {
      const service = await startService({ app, env });
      services.push(service);
      await service.waitReady({ timeoutMs: 30_000 });
      return service;
    };
    await start('jetstream-writer');
    const stats = await start('stats-api');
    const gateway = await start('ingest-gateway');

    const nowMs = Date.now();
    const { events, batch: batchEvents, connections, users } = options;
    // A tenth more beforehand, so that what is measured is not Node warming up.
    const warmUp = Math.ceil(events / 10);
    const warm = makeBodies({ events: warmUp, batchEvents, users, nowMs });
    const bodies = makeBodies({ events, batchEvents, users, nowMs });
    await sendAll({ url: gateway.url, bodies: warm, batchEvents, events: warmUp, connections });

    const beganMs = performance.now();
    const sent = await sendAll({ url: gateway.url, bodies, batchEvents, events, connections });
    const refused = Object.entries(sent.answers).filter(([status]) => status !== '202');
    if (refused.length > 0) throw new Error(`not every request was taken: ${JSON.stringify(sent.answers)}`);

    const expected = events + warmUp;
    const deadlineMs = Date.now() + 120_000;
    let counted = await countedEvents(stats.url, nowMs);
    while (counted !== expected) {
      if (counted > expected)
        throw new Error(`counted ${String(counted)} of ${String(expected)} events: some twice`);
      if (Date.now() > deadlineMs)
        throw new Error(`only ${String(counted)} of ${String(expected)} events counted after 120 s`);
      await new Promise((resolve) => setTimeout(resolve, 100));
      counted = await countedEvents(stats.url, nowMs);
    }
    const endToEndSeconds = (performance.now() - beganMs) / 1_000;

    const result = {
      machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version },
      options: { events, batchEvents, connections, users },
      ingest: sent,
      endToEnd: { seconds: endToEndSeconds, eventsPerSecond: events / endToEndSeconds, counted: expected },
    };
    const ms = (value: number) => `${value.toFixed(1)} ms`;
    const rate = (value: number) => `${Math.round(value).toLocaleString('en')}/s`;
    console.log(
      [
        `${events.toLocaleString('en')} events in batches of ${String(batchEvents)} over ${String(connections)} connections, ${String(cpus().length)} cores, Node ${process.version}`,
        `  acknowledged   ${sent.seconds.toFixed(2)} s   ${rate(sent.eventsPerSecond)}`,
        `  a request      mean ${ms(sent.latencyMs.mean)}   p50 ${ms(sent.latencyMs.p50)}   p99 ${ms(sent.latencyMs.p99)}   max ${ms(sent.latencyMs.max)}`,
        `  in statistics  ${endToEndSeconds.toFixed(2)} s   ${rate(events / endToEndSeconds)}   all ${expected.toLocaleString('en')} counted once`,
      ].join('\n'),
    );
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`);
  } finally {
    await Promise.all(services.map((service) => service.stop()));
    await servers.stop();
  }
}

await run();
