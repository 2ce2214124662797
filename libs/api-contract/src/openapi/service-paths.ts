import { commonRefusals } from './refusals.js';
import { jsonResponse, textResponse } from './responses.js';
import type { Operation, Response } from './openapi-document.js';

const HEALTHY = {
  status: 'ok',
  service: 'stats-api',
  version: '0.1.0',
  node: 'v20.20.2',
  uptime_seconds: 3_600,
  dependencies: { postgres: { status: 'ok', critical: true, latency_ms: 1.2 } },
};
const DOWN = {
  ...HEALTHY,
  status: 'down',
  dependencies: { postgres: { status: 'down', critical: true, latency_ms: 2_000 } },
};

const operation = (o: {
  operationId: string;
  summary: string;
  description: string;
  responses: Record<string, Response>;
}): Operation => ({
  ...o,
  tags: ['Operations'],
  responses: { ...o.responses, ...commonRefusals() },
});

const status = (description: string, word: string): Response =>
  jsonResponse(description, {
    schema: 'HealthStatus',
    examples: { example: { value: { status: word } } },
  });

/** What every service answers, by path. */
export const serviceOperations = (): Record<string, Operation> => ({
  '/health': operation({
    operationId: 'getHealth',
    summary: 'State of the service and its dependencies',
    description:
      'Asks each dependency (at most twice a second, however many ask). Through the front door: the state of all services.',
    responses: {
      200: jsonResponse('The service can do its work.', {
        schema: 'HealthResponse',
        examples: { ok: { value: HEALTHY } },
      }),
      503: jsonResponse('A dependency is down that the service cannot do without.', {
        schema: 'HealthResponse',
        examples: { down: { value: DOWN } },
      }),
    },
  }),
  '/health/live': operation({
    operationId: 'getLiveness',
    summary: 'Is the process alive?',
    description: 'Asks nobody else. Not 200: restart the process.',
    responses: { 200: status('It is.', 'ok') },
  }),
  '/health/ready': operation({
    operationId: 'getReadiness',
    summary: 'Does the service want requests?',
    description: 'Not 200: send no requests for now.',
    responses: {
      200: status('It does.', 'ok'),
      503: status('It does not: it is starting or stopping, or a dependency is down.', 'not_ready'),
    },
  }),
  '/metrics': operation({
    operationId: 'getMetrics',
    summary: 'Metrics for Prometheus',
    description: 'Of the service that answers; through the front door: of all services.',
    responses: { 200: textResponse('The metrics.', 'text/plain') },
  }),
  '/docs': operation({
    operationId: 'getDocs',
    summary: 'This document, to read and to try out',
    description: 'Works without the internet.',
    responses: { 200: textResponse('A page.', 'text/html') },
  }),
  '/openapi.json': operation({
    operationId: 'getOpenApiDocument',
    summary: 'This document',
    description: 'The whole public API: the same from every service and from the front door.',
    responses: {
      200: {
        description: 'OpenAPI 3.1.',
        content: { 'application/json': { schema: { type: 'object' } } },
      },
    },
  }),
});
