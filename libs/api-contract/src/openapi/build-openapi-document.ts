import { ROUTES, type Route } from '../routes.js';
import { eventsOperation } from './events-path.js';
import { HEADERS } from './responses.js';
import type { OpenApiDocument, Operation } from './openapi-document.js';
import { componentSchemas } from './schemas.js';
import { serviceOperations } from './service-paths.js';
import {
  activeUsersOperation,
  dauOperation,
  eventCountsOperation,
  funnelOperation,
  retentionOperation,
  stickinessOperation,
  topEventsOperation,
} from './stats-paths.js';

const DESCRIPTION = `
Send events, and ask for exact statistics of them: nothing that was answered 202 is lost or counted twice, and it is visible within a second as a rule.

**Time.** Everything is stored in UTC, in milliseconds. A day is a calendar day in the \`timezone\` of the question (an IANA name), daylight saving time included.

**Refusals** are \`application/problem+json\` (RFC 9457) with a stable \`code\`; what is wrong with single events or parameters stands in \`errors\`. Parameters that do not exist, and those given twice, are refused rather than passed over.

**Keys** may be off, and then nothing is asked for. Where they are on, send \`Authorization: Bearer KEY\` or \`X-API-Key: KEY\`: POST /events needs the scope \`ingest\`, /stats the scope \`stats\`.

Answers may get further fields; those that are here stay.
`.trim();

/** OpenAPI 3.1 of the whole public API, made from the same schemas that check the requests. */
export function buildOpenApiDocument({ version }: { version: string }): OpenApiDocument {
  const operations: Record<string, Operation> = {
    '/events': eventsOperation(),
    '/stats/dau': dauOperation(),
    '/stats/active-users': activeUsersOperation(),
    '/stats/top-events': topEventsOperation(),
    '/stats/retention': retentionOperation(),
    '/stats/stickiness': stickinessOperation(),
    '/stats/funnel': funnelOperation(),
    '/stats/event-counts': eventCountsOperation(),
    ...serviceOperations(),
  };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Event Analytics',
      version,
      summary: 'Events in, exact statistics out.',
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'Where this document came from.' }],
    tags: [
      { name: 'Events', description: 'Sending events.' },
      {
        name: 'Statistics',
        description: 'Active users, top events, retention, stickiness, funnels and events over time.',
      },
      { name: 'Operations', description: 'Health, metrics and this document.' },
    ],
    paths: Object.fromEntries(ROUTES.map((route) => [route.path, pathItem(route, operations[route.path])])),
    components: {
      schemas: componentSchemas(),
      headers: HEADERS,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key, where keys are on.' },
        apiKey: {
          type: 'apiKey',
          in: 'header',
          name: 'X-API-Key',
          description: 'An API key, where keys are on.',
        },
      },
    },
  };
}

function pathItem(route: Route, operation: Operation | undefined): OpenApiDocument['paths'][string] {
  if (operation === undefined) throw new Error(`no operation describes ${route.method} ${route.path}`);
  // The empty requirement: keys may be off.
  const security = route.scope === null ? [] : [{ bearer: [] }, { apiKey: [] }, {}];
  const secured = { ...operation, security };
  return route.method === 'POST' ? { post: secured } : { get: secured };
}
