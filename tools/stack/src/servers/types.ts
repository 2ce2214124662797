import type { ServerProcess } from '../server-process.js';

export type ServerName = 'postgres' | 'redis' | 'nats';
export type StackMode = 'native' | 'docker';

export interface StartServersOptions {
  /** auto (the default): Docker where it is reachable and has the images, else native. */
  mode?: StackMode | 'auto';
  /** Data that is kept, durably. Default: a temporary directory, removed at the end, without fsync. */
  dataDir?: string;
  only?: readonly ServerName[];
  /** Fixed ports; default: free ones. */
  ports?: Partial<Record<ServerName | 'natsMonitor', number>>;
  postgres?: { user?: string; password?: string; database?: string };
  /** Progress, a line at a time. */
  log?: (line: string) => void;
}

/** The running servers. The URL of one that `only` leaves out is ''. */
export interface Servers {
  mode: StackMode;
  postgresUrl: string;
  redisUrl: string;
  natsUrl: string;
  natsMonitorUrl?: string;
  postgres?: ServerProcess;
  redis?: ServerProcess;
  nats?: ServerProcess;
  /** Stops them all; temporary data is removed. */
  stop(): Promise<void>;
}
