import { commonConfig, loadConfig, wholeNumber } from '@event-analytics/service-kit';
import { z } from 'zod';

const serviceUrl = (fallback: string) =>
  z
    .url({ protocol: /^http$/, error: 'must be an http:// address' })
    .default(fallback)
    .transform((text) => new URL(text));

const schema = z.object({
  ...commonConfig,
  PORT: wholeNumber(0, 65_535).default(8_000),
  GATEWAY_URL: serviceUrl('http://localhost:8001'),
  STATS_URL: serviceUrl('http://localhost:8002'),
  WRITER_URL: serviceUrl('http://localhost:8003'),
  /** How long a service may be silent; longer than the longest that any of them takes by its own limits. */
  UPSTREAM_TIMEOUT_MS: wholeNumber(100, 600_000).default(40_000),
});

export type FrontDoorConfig = ReturnType<typeof readConfig>;

/** Reads the environment once; throws ConfigError with one line that names what is wrong. */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  return loadConfig(schema, env);
}
