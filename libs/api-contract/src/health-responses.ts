import { z } from 'zod';

/** GET /health. */
export const healthResponseSchema = z
  .object({
    status: z.enum(['ok', 'degraded', 'down']).meta({
      description:
        '`degraded`: a dependency is down that the service can do without. `down`: one that it cannot do without; the answer is a 503 then.',
    }),
    service: z.string(),
    version: z.string(),
    node: z.string(),
    uptime_seconds: z.number().nonnegative(),
    dependencies: z
      .record(
        z.string(),
        z.looseObject({
          status: z.enum(['ok', 'degraded', 'down']),
          critical: z.boolean(),
          latency_ms: z.number().nonnegative(),
        }),
      )
      .meta({ description: 'Each dependency by name, with what is worth knowing of it.' }),
  })
  .meta({ description: 'The state of the service that answers and of each of its dependencies.' });

/** GET /health/live and GET /health/ready. */
export const healthStatusSchema = z
  .object({ status: z.enum(['ok', 'degraded', 'down', 'not_ready']) })
  .meta({ description: 'The state in one word.' });

export type HealthResponse = z.output<typeof healthResponseSchema>;
export type HealthStatus = z.output<typeof healthStatusSchema>;
