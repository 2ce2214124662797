import { startServers } from '../src/index.js';

/** For tests that kill it: starts throw-away servers, says which, and does nothing more. */
const servers = await startServers({ mode: process.argv[2] === 'docker' ? 'docker' : 'native' });
const { postgres, redis, nats } = servers;
process.stdout.write(
  `${JSON.stringify({
    pids: [postgres?.pid, redis?.pid, nats?.pid],
    ports: [postgres?.port, redis?.port, nats?.port],
    log: postgres?.logFile,
  })}\nstarted\n`,
);
setInterval(() => undefined, 60_000);
