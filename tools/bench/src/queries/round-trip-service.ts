/** A yardstick: Express that asks the database for the number one and answers it. Its argument: the database's URL. */
import { connectDatabase } from '@event-analytics/timescale';
// eslint-disable-next-line no-restricted-imports -- what others would write is measured, not what we have
import express from 'express';
import { servePeer } from '../serve-peer.js';

const db = connectDatabase({ url: process.argv[2] ?? '', applicationName: 'round-trip', maxConnections: 1 });
const app = express();
app.get('/', async (_request, response) => {
  const [row] = await db.run((sql) => sql`SELECT 1 AS one`);
  response.json(row);
});

servePeer(app);
