import { createDeadLetters } from '@event-analytics/nats-client';
import { bench, deadLetters, event, events, eventually, metric, opened } from './fixture.js';

const open = opened();
afterEach(() => open.closeAll());

test('poison straight into the stream: four dead letters with reasons, neighbours stored, the stream empty', async () => {
  const b = await bench(open);
  const wire = (bad: Record<string, unknown>) =>
    Buffer.from(
      JSON.stringify({
        v: 1,
        received_at: new Date().toISOString(),
        events: [event(), { ...event(), ...bad }, event()],
      }),
    );
  await b.publish(events(5));
  await b.publishRaw(wire({ user_id: 'a\u0000b' }));
  await b.publishRaw(wire({ event_type: '\ud800' }));
  await b.publishRaw(wire({ event_id: 'x'.repeat(3_000) }));
  await b.publishRaw(Buffer.from('not JSON'));
  await b.publish(events(5));

  const writer = await b.startWriter();
  const letters = await deadLetters(b, 4);
  await b.drained();
  expect((await b.totals()).rows).toBe(16);
  expect(letters.map(({ sequence, index, reason }) => [sequence, index, reason]).sort()).toEqual([
    [2, 1, 'nul_character'],
    [3, 1, 'lone_surrogate'],
    [4, 1, 'invalid_uuid'],
    [5, -1, 'invalid_json'],
  ]);
  expect(letters.find((letter) => letter.sequence === 5)?.text).toBe('not JSON');
  expect(JSON.parse(letters.find((letter) => letter.sequence === 4)?.text ?? '')).toMatchObject({
    event_id: 'x'.repeat(3_000),
  });
  expect(await metric(writer, 'dead_letters_total')).toBe(4);
  expect(await metric(writer, 'dead_letters_total', 'reason="invalid_json"')).toBe(1);
});

test('lines whose properties nobody has parsed: what PostgreSQL refuses is a dead letter each, neighbours stored', async () => {
  const b = await bench(open);
  const lineOf = (properties: string) => {
    const { event_id, occurred_at, user_id, event_type } = event();
    return [event_id, occurred_at, user_id, event_type, properties].join('\t');
  };
  const good = (count: number) => Array.from({ length: count }, () => lineOf('{"from":"test"}'));
  const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  const bad: [properties: string, reason: string][] = [
    ['{"a":}', 'invalid_text_representation'],
    ['{"a":1', 'invalid_json'],
    ['{"a":"\\u0000"}', 'untranslatable_character'],
    ['{"a":"\\ud800"}', 'invalid_text_representation'],
    [deep, 'properties_too_deep'],
    ['{}{}', 'invalid_text_representation'],
    ['{"a":1}},{"b":{}', 'invalid_text_representation'],
  ];
  const lines = bad.flatMap(([properties]) => [...good(20), lineOf(properties)]);
  const header = `{"v":2,"received_at":"${new Date().toISOString()}"}`;
  await b.publish(events(5));
  await b.publishRaw(Buffer.from([header, ...lines, ...good(20)].join('\n')));
  await b.publish(events(5));

  const writer = await b.startWriter();
  const letters = await deadLetters(b, bad.length);
  await b.drained();
  const stored = 10 + 20 * (bad.length + 1);
  expect(await b.totals()).toMatchObject({ rows: stored, logEvents: stored, activityDifferences: 0 });
  expect(letters.map(({ sequence, index, reason }) => [sequence, index, reason]).sort()).toEqual(
    bad.map(([, reason], at) => [2, 20 + 21 * at, reason]).sort(),
  );
  for (const { index, text } of letters) {
    const [properties = ''] = bad[(index - 20) / 21] ?? [];
    expect(text).toContain(properties);
  }
  // Refused once for each half, never tried again.
  expect(await metric(writer, 'writer_faults_total')).toBe(0);
  expect(await metric(writer, 'dead_letters_total')).toBe(bad.length);
  expect(await metric(writer, 'write_retries_total')).toBe(0);

  // Put back as it is, what is JSON is refused by its rules, and stays one letter.
  const putBack = letters.find(({ text }) => text.includes('\\u0000'))!;
  const shelf = (await b.dlq(['list', '--json'])).stdout.split('\n').filter(Boolean);
  const { sequence } = shelf
    .map((line) => JSON.parse(line) as { sequence: number; index: number })
    .find(({ index }) => index === putBack.index)!;
  expect((await b.dlq(['replay', String(sequence)])).exitCode).toBe(0);
  await b.drained();
  const after = await deadLetters(b, bad.length);
  expect(after.filter(({ reason }) => reason === 'nul_character').map(({ text }) => text)).toEqual([
    putBack.text,
  ]);
});

test('lines without a header, and of a bad one: the whole is a letter, in whose stead lines can be put', async () => {
  const b = await bench(open);
  const { event_id, occurred_at } = event();
  const line = [event_id, occurred_at, 'user', 'view', '{}'].join('\t');
  await b.publishRaw(Buffer.from(line));
  await b.publishRaw(Buffer.from(`{"v":2,"received_at":"yesterday"}\n${line}`));
  await b.startWriter();
  const letters = await deadLetters(b, 2);
  await b.drained();
  expect(letters.map(({ index, reason }) => [index, reason]).sort()).toEqual([
    [-1, 'invalid_envelope'],
    [-1, 'invalid_json'],
  ]);
  const stdin = `{"v":2,"received_at":"2024-03-04T10:00:01.000Z"}\n${line}\n`;
  expect((await b.dlq(['replay', '1', '--payload', '-'], { stdin })).exitCode).toBe(0);
  await b.drained();
  expect(await b.totals()).toMatchObject({ rows: 1, logEvents: 1, activityDifferences: 0 });
});

test('what only PostgreSQL refuses is found by bisection and buried alone', async () => {
  const b = await bench(open);
  await refusePoison(b);
  const bad = [event({ user_id: 'poison' }), event({ user_id: 'poison', properties: { keep: 'me' } })];
  const good = events(998);
  await b.publish([...good.slice(0, 300), bad[0]!, ...good.slice(300, 301), bad[1]!, ...good.slice(301)], {
    perMessage: 100,
  });

  const writer = await b.startWriter();
  const letters = await deadLetters(b, 2);
  await b.drained();
  expect(await b.totals()).toMatchObject({ rows: 998, logEvents: 998, activityDifferences: 0 });
  expect(letters.map((letter) => letter.reason)).toEqual([
    'untranslatable_character',
    'untranslatable_character',
  ]);
  const ids = letters.map((letter) => (JSON.parse(letter.text) as { event_id: string }).event_id);
  expect(ids.sort()).toEqual(bad.map((e) => e.event_id).sort());
  expect(letters.map(({ sequence, index }) => [sequence, index])).toContainEqual([4, 0]);
  expect(await metric(writer, 'writer_faults_total')).toBe(0);
});

test('a failure of ours is no poison: an alarm, tried again, stored once it is mended', async () => {
  const b = await bench(open);
  await b.db.run((sql) => sql.unsafe('ALTER TABLE activity_log RENAME TO activity_log_away'));
  const writer = await b.startWriter({ MIGRATE_ON_START: 'false' });
  await b.publish(events(50));
  await eventually(
    () => metric(writer, 'writer_faults_total'),
    (faults) => faults > 2,
  );
  expect((await b.lag())?.ackPending).toBe(1);
  await b.db.run((sql) => sql.unsafe('ALTER TABLE activity_log_away RENAME TO activity_log'));
  await b.drained();
  expect((await b.totals()).rows).toBe(50);
  expect(await metric(writer, 'write_retries_total', 'kind="fault"')).toBeGreaterThan(2);
  expect(await metric(writer, 'dead_letter_stream_messages')).toBe(0);
});

test('a full dead-letter stream: neighbours are stored, nothing is acknowledged, and room is all that it takes', async () => {
  const b = await bench(open);
  const letters = createDeadLetters(b.nats, { names: b.names, maxMessages: 1 });
  await letters.put({
    payload: Buffer.from('{}'),
    reason: 'r',
    error: 'e',
    streamSequence: 1,
    streamEpoch: 'another',
    index: 0,
    attempts: 1,
  });
  const received_at = new Date().toISOString();
  const list = [event(), { ...event(), user_id: '' }, event()];
  await b.publishRaw(Buffer.from(JSON.stringify({ v: 1, received_at, events: list })));
  const writer = await b.startWriter();
  await eventually(
    () => metric(writer, 'write_retries_total', 'kind="dead_letter"'),
    (retries) => retries > 2,
  );
  expect((await b.totals()).rows).toBe(2);
  expect((await b.lag())?.ackPending).toBe(1);
  expect(await metric(writer, 'writer_faults_total')).toBeGreaterThan(2);

  // What comes meanwhile is stored by the other lanes.
  await b.publish(events(10));
  await eventually(
    () => b.totals(),
    ({ rows }) => rows === 12,
  );
  expect((await b.dlq(['drop', '1'])).exitCode).toBe(0);
  await b.drained();
  expect((await deadLetters(b, 1)).map(({ reason }) => reason)).toEqual(['too_short']);
  expect((await b.totals()).rows).toBe(12);
});

test('many poisons in one batch: all are found, and the events between them are stored', async () => {
  const b = await bench(open);
  await refusePoison(b);
  const mixed = events(1_000).map((e, i) => (i % 2 === 0 ? { ...e, user_id: 'poison' } : e));
  await b.publish(mixed);
  const writer = await b.startWriter();
  await eventually(
    () => metric(writer, 'dead_letters_total').catch(() => 0),
    (buried) => buried === 500,
  );
  await b.drained();
  expect(await b.totals()).toMatchObject({ rows: 500, logEvents: 500, activityDifferences: 0 });
  await deadLetters(b, 500);
  expect(await metric(writer, 'writer_faults_total')).toBe(0);
});

/** PostgreSQL itself refuses every event of the user `poison`. */
async function refusePoison(b: Awaited<ReturnType<typeof bench>>): Promise<void> {
  await b.db.run((sql) =>
    sql.unsafe(`
      CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NEW.user_id = 'poison' THEN RAISE EXCEPTION 'unsupported' USING ERRCODE = '22P05'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse_poison BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse_poison()`),
  );
}
