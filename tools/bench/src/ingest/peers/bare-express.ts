/**
 * A yardstick: Express that parses JSON, answers, and does nothing else. Without express.json(), which does more
 * than parse: it took 5 to 15 % of the requests a second at batches of one.
 */
// eslint-disable-next-line no-restricted-imports -- what others would write is measured, not what we have
import express from 'express';
import { servePeer } from '../../serve-peer.js';

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.post('/events', (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { events } = JSON.parse(Buffer.concat(chunks).toString()) as { events: unknown[] };
    response.status(202).json({ accepted: events.length, duplicates: 0, rejected: [] });
  });
});

servePeer(app);
