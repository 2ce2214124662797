import { startServers } from '@event-analytics/stack';

/**
 * A process of its own for one Jest run: starts the servers, prints their URLs as one line of JSON,
 * and stops them when its input ends, which it does also when Jest dies.
 */
const servers = await startServers({ announce: (line) => process.stderr.write(`${line}\n`) });
const { postgresUrl, redisUrl, natsUrl } = servers;
process.stdout.write(`${JSON.stringify({ postgresUrl, redisUrl, natsUrl })}\n`);

// Ctrl-C reaches us too; Jest decides when it is over.
process.on('SIGINT', () => undefined);
process.stdin.resume();
process.stdin.once('close', () => void servers.stop().then(() => process.exit(0)));
