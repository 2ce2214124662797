import type { ServerProcess } from '../server-process.js';

export type ServerName = 'postgres' | 'redis' | 'nats';
export type StackMode = 'native' | 'docker';

export const ALL_SERVERS: readonly ServerName[] = ['postgres', 'redis', 'nats'];

export interface Login {
  user: string;
  password: string;
  database: string;
}

export const DEFAULT_LOGIN: Login = { user: 'postgres', password: 'postgres', database: 'event_analytics' };

export function postgresUrlOf(login: Login, port: number): string {
  const [user, password, database] = [login.user, login.password, login.database].map(encodeURIComponent);
  return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
}

export interface StartServersOptions {
  /** auto (the default; STACK in the environment decides first): Docker where it can be had, else native. */
  mode?: StackMode | 'auto';
  /** Data that is kept, durably. Default: a temporary directory, removed at the end, without fsync. */
  dataDir?: string;
  /** Where the native servers' logs go; default: beside the data. */
  logDir?: string;
  only?: readonly ServerName[];
  /** Fixed ports; default: free ones. */
  ports?: Partial<Record<ServerName | 'natsMonitor', number>>;
  /** Of the private PostgreSQL; default: postgres, postgres, event_analytics. */
  login?: Partial<Login>;
  /** Progress, a line at a time. */
  log?: (line: string) => void;
  /** What the user is to know before it is done: that something is installed or downloaded. Default: `log`. */
  announce?: (line: string) => void;
}

/** The running servers. The URL of one that `only` leaves out is ''. */
export interface Servers {
  mode: StackMode;
  postgresUrl: string;
  redisUrl: string;
  natsUrl: string;
  natsMonitorUrl?: string;
  /** Where the kept data is: a directory, or the volumes of a Docker project. */
  dataPlace?: string;
  postgres?: ServerProcess;
  redis?: ServerProcess;
  nats?: ServerProcess;
  /** Stops them all; temporary data is removed. */
  stop(): Promise<void>;
}
