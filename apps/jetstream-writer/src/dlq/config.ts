import { loadConfig } from '@event-analytics/service-kit';
import { z } from 'zod';
import { streamNames, streamNamesConfig } from '../stream-names.js';

/** Where a test may have the command die, as if by SIGKILL. */
const DLQ_FAILPOINTS = ['after_publish'] as const;

const schema = z.object({
  ENVIRONMENT: z.string().default('development'),
  ...streamNamesConfig,
  /** Kills this process at a named point; only with ENVIRONMENT=test. */
  DLQ_FAILPOINT: z.enum(DLQ_FAILPOINTS).optional(),
});

export type DlqConfig = ReturnType<typeof readConfig>;

/** The part of the writer's configuration that says where the streams are. Throws ConfigError with one line. */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const config = loadConfig(schema, env);
  return {
    natsUrl: config.NATS_URL,
    names: streamNames(config),
    failpoint: config.ENVIRONMENT === 'test' ? config.DLQ_FAILPOINT : undefined,
  };
}
