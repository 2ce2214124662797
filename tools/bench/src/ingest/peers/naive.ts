/**
 * A yardstick: the service that one writes first. Express, zod, and an INSERT … ON CONFLICT DO NOTHING for each
 * event: all of a request at once ('pipelined'), or one after the other ('awaited').
 */
/* eslint-disable no-restricted-imports -- what others would write is measured, not what we have */
import express from 'express';
import postgres from 'postgres';
/* eslint-enable no-restricted-imports */
import { z } from 'zod';
import { servePeer } from '../../serve-peer.js';

const [how, databaseUrl] = [process.argv[2], process.argv[3] ?? ''];
const sql = postgres(databaseUrl, { max: 10 });

const batch = z.object({
  events: z.array(
    z.object({
      event_id: z.uuid(),
      user_id: z.string().min(1).max(256),
      event_type: z.string().min(1).max(128),
      occurred_at: z.iso.datetime({ offset: true }),
      properties: z.record(z.string(), z.json()).default({}),
    }),
  ),
});
type Event = z.infer<typeof batch>['events'][number];

/** @returns how many were stored: 0 or 1 */
const insert = async (event: Event): Promise<number> => {
  const { count } = await sql`
    INSERT INTO events (event_id, occurred_at, user_id, event_type, properties)
    VALUES (${event.event_id}, ${event.occurred_at}, ${event.user_id}, ${event.event_type}, ${sql.json(event.properties)})
    ON CONFLICT DO NOTHING`;
  return count;
};

async function store(events: readonly Event[]): Promise<number> {
  let stored = 0;
  if (how === 'pipelined') {
    for (const count of await Promise.all(events.map(insert))) stored += count;
  } else {
    for (const event of events) stored += await insert(event);
  }
  return stored;
}

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use(express.json({ limit: '5mb' }));
app.post('/events', async (request, response) => {
  const parsed = batch.safeParse(request.body);
  if (!parsed.success) {
    response.status(422).json({ errors: parsed.error.issues });
    return;
  }
  const { events } = parsed.data;
  const accepted = await store(events);
  response.status(202).json({ accepted, duplicates: events.length - accepted, rejected: [] });
});

servePeer(app);
