import { randomUUID } from 'node:crypto';
import type { Servers } from '../servers/types.js';
import type { StackConfig } from './config.js';
import type { Workspace } from './workspace.js';

/** Where the servers are, as lines of an environment file that a service can be started with. */
export function infraSummary(servers: Servers | undefined, config: StackConfig): string {
  const lines = serverLines(servers, config).map(([name, url]) => `${name}=${url}`);
  return `\n${lines.join('\n')}\n\nready: the servers are up, Ctrl-C stops them\n`;
}

/** Where everything is, what to try, and the line that says that it is ready. */
export function startSummary(
  config: StackConfig,
  servers: Servers | undefined,
  workspace: Workspace,
): string {
  const at = (name: keyof StackConfig['servicePorts']): string =>
    `http://localhost:${config.servicePorts[name]}`;
  const door = at('front-door');
  const event = {
    event_id: randomUUID(),
    user_id: 'me',
    event_type: 'hello',
    occurred_at: new Date().toISOString(),
  };
  const places: [string, string][] = [
    ['API and its documentation', `${door}/docs`],
    ['Health, metrics', `${door}/health  ${door}/metrics`],
    ['ingest-gateway', at('ingest-gateway')],
    ['stats-api', at('stats-api')],
    ['jetstream-writer', at('jetstream-writer')],
    ...serverLines(servers, config),
    ['Logs', `${workspace.logDir}/*.log`],
    ...(servers?.dataPlace === undefined ? [] : [['Data', servers.dataPlace] as [string, string]]),
  ];
  return `
${places.map(([name, place]) => `  ${name.padEnd(26)} ${place}`).join('\n')}

Try:
  curl '${door}/stats/dau?from=2024-03-25&to=2024-03-31'
  curl '${door}/stats/retention?start_date=2024-01-22&window_type=weekly&windows=9'
  curl -X POST ${door}/events -H 'Content-Type: application/json' -d '${JSON.stringify({ events: [event] })}'

Ctrl-C stops everything; the data stays (npm start -- --reset begins empty).
ready: ${door}
`;
}

function serverLines(servers: Servers | undefined, config: StackConfig): [string, string][] {
  const lines: [string, string | undefined][] = [
    ['DATABASE_URL', config.given.postgres ? undefined : servers?.postgresUrl],
    ['REDIS_URL', config.given.redis ? undefined : servers?.redisUrl],
    ['NATS_URL', config.given.nats ? undefined : servers?.natsUrl],
    ['NATS_MONITOR_URL', config.given.nats ? undefined : servers?.natsMonitorUrl],
  ];
  return lines.filter((line): line is [string, string] => line[1] !== undefined);
}
