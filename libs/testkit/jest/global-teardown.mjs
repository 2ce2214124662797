import { once } from 'node:events';

/** Closing its input tells the servers' owner to stop them. */
export default async function globalTeardown() {
  const owner = globalThis.__eventAnalyticsTestServers;
  if (!owner || owner.exitCode !== null) return;
  owner.stdin.end();
  await once(owner, 'close');
}
