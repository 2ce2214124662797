import { startServers, type Servers } from '@event-analytics/stack';
import { startGatewayProcess, type GatewayProcess } from './gateway-process.js';
import { events } from './post.js';

let servers: Servers;
let gateway: GatewayProcess | undefined;
beforeAll(async () => {
  servers = await startServers({ only: ['nats', 'redis'], mode: 'native' });
});
afterEach(async () => {
  for (const server of [servers.nats, servers.redis]) await server?.kill('SIGCONT');
  await gateway?.stop();
});
afterAll(() => servers.stop());

test.each([{}, { GATEWAY_WORKERS: '2' }])(
  'SIGTERM while NATS and Redis are paused, with %j: what is in hand is answered, exit in order and in time',
  async (env) => {
    gateway = await startGatewayProcess({
      ...(env as Record<string, string>),
      NATS_URL: servers.natsUrl,
      REDIS_URL: servers.redisUrl,
    });
    await gateway.service.waitReady();
    expect((await gateway.post(events(1))).status).toBe(202);
    for (const server of [servers.nats, servers.redis]) await server?.kill('SIGSTOP');
    const posting = gateway;
    const inHand = Array.from({ length: 4 }, () => posting.post(events(1)));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const began = performance.now();
    await gateway.service.kill('SIGTERM');
    expect(performance.now() - began).toBeLessThan(10_000);
    for (const answer of await Promise.all(inHand)) expect(answer.status).toBe(503);
    expect(gateway.service.output()).toMatch(/"event":"stopped(_workers)?".*"in_time":true/);
    expect(gateway.service.output()).not.toMatch(/"in_time":false/);
  },
  60_000,
);
