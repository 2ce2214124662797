import { bench, eventually, events, metric, opened } from './fixture.js';

const MIB = 1_024 * 1_024;
const EVENTS = 120_000;
// Three batches of 5,000 each may be held: a quarter of the backlog a writer.
const CONNECTIONS = { WRITER_CONNECTIONS: '2' };

describe('a backlog', () => {
  const open = opened();
  afterEach(() => open.closeAll());

  it('waits in the stream, not in memory, and is shared with a writer that comes later', async () => {
    const b = await bench(open);
    const first = await b.startWriter(CONNECTIONS);
    // Its first batch tells it how large events are.
    await b.publish(events(1_000), { perMessage: 100 });
    await b.drained();

    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    let slowDatabase: Promise<void> | undefined;
    await new Promise<void>((locked, failed) => {
      slowDatabase = b.db.transaction(async (sql) => {
        await sql`LOCK TABLE events IN EXCLUSIVE MODE`;
        locked();
        await released;
      });
      slowDatabase.catch(failed);
    });
    const stuck = events(EVENTS).map((event) => ({ ...event, properties: { filler: 'x'.repeat(270) } }));
    for (let i = 0; i < EVENTS; i += 10_000) await b.publish(stuck.slice(i, i + 10_000), { perMessage: 500 });
    const lag = await eventually(b.lag, (seen) => (seen?.ackPending ?? 0) > 0);
    expect(lag?.bytes).toBeGreaterThan(40 * MIB);

    const second = await b.startWriter(CONNECTIONS);
    await second.waitReady();
    // What they took when they still could: the rest is free for whoever is ready first.
    for (const writer of [first, second]) {
      await eventually(
        () => metric(writer, 'writer_held_bytes'),
        (bytes) => bytes > 0,
      );
      expect(await metric(writer, 'writer_held_bytes')).toBeLessThan((lag?.bytes ?? 0) / 3);
    }
    await eventually(
      () => metric(first, 'stream_pending_messages'),
      (messages) => messages > 0,
    );
    await eventually(
      () => metric(first, 'stream_oldest_message_age_seconds'),
      (seconds) => seconds > 1,
    );

    // It is looked at from time to time.
    await eventually(
      () => metric(first, 'stream_lag_messages'),
      (messages) => messages === (lag?.pending ?? 0) + (lag?.ackPending ?? 0),
    );

    release();
    await slowDatabase;
    await b.drained(60_000);
    expect(await b.totals()).toMatchObject({ rows: EVENTS + 1_000, distinctKeys: EVENTS + 1_000 });
    await eventually(
      () => metric(first, 'stream_lag_messages'),
      (messages) => messages === 0,
    );
    expect(await metric(first, 'stream_oldest_message_age_seconds')).toBe(0);
    expect(await metric(second, 'events_ingested_total')).toBeGreaterThan(EVENTS / 5);
    expect((await metric(first, 'events_ingested_total')) - 1_000).toBeGreaterThan(EVENTS / 5);
  }, 120_000);
});
