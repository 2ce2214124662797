import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDeadLetters,
  indexDeadLetters,
  WHOLE_MESSAGE,
  type DeadLetter,
} from '@event-analytics/nats-client';
import { bench, event, events, eventually, metric, opened } from './fixture.js';

const open = opened();
afterEach(() => open.closeAll());

type Bench = Awaited<ReturnType<typeof bench>>;

const RECEIVED_AT = '2024-03-04T10:00:01.000Z';
const wire = (...list: unknown[]) =>
  Buffer.from(JSON.stringify({ v: 1, received_at: RECEIVED_AT, events: list }));

/** The four of row 25 between good ones: letters 1 to 4, in the order of their messages. */
async function poisoned(b: Bench) {
  await b.publish(events(5));
  await b.publishRaw(wire(event(), { ...event(), user_id: 'a\u0000b' }, event()));
  await b.publishRaw(wire({ ...event(), event_type: '\ud800' }));
  await b.publishRaw(wire({ ...event(), event_id: 'x'.repeat(3_000) }));
  await b.publishRaw(Buffer.from('not JSON'));
  await b.publish(events(5));
}
const NEIGHBOURS = 12;

const lettersOf = async (b: Bench) => (await indexDeadLetters(b.nats, b.names)) ?? [];
const hasLetters = (b: Bench, count: number) =>
  eventually(
    () => lettersOf(b),
    (letters) => letters.length === count,
  );
const listed = async (b: Bench): Promise<Record<string, unknown>[]> => {
  const { stdout } = await b.dlq(['list', '--json', '--limit', '1000']);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};
const sequenceOf = async (b: Bench, reason: string) =>
  String((await lettersOf(b)).find((letter) => letter.reason === reason)?.sequence);

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'dlq-test-'));
  open.onClose(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** Puts letters without a writer. */
async function put(b: Bench, ...letters: Partial<DeadLetter>[]) {
  const grave = createDeadLetters(b.nats, { names: b.names });
  for (const [at, letter] of letters.entries()) {
    await grave.put({
      payload: Buffer.from(JSON.stringify(event())),
      reason: 'untranslatable_character',
      error: 'words',
      streamSequence: at + 1,
      streamEpoch: '2024-03-04T00:00:00Z',
      index: 0,
      attempts: 1,
      receivedAt: RECEIVED_AT,
      ...letter,
    });
  }
}

test('poison: four letters with reasons; mended and replayed they are stored, as they are they come back, once', async () => {
  const b = await bench(open);
  await poisoned(b);
  const writer = await b.startWriter();
  await hasLetters(b, 4);
  await b.drained();
  expect((await b.totals()).rows).toBe(NEIGHBOURS);

  const list = await b.dlq(['list']);
  expect(list).toMatchObject({ exitCode: 0, stderr: '' });
  expect(list.stdout).toMatch(/^sequence +time +age +attempts +reason +event id +user +type +error\n/);
  expect(list.stdout).toMatch(/nul_character.*a\\u0000b/);
  expect(list.stdout.trimEnd().split('\n')).toHaveLength(6);
  expect(list.stdout).toMatch(
    /\n4 dead letters in all: 1 invalid_json, 1 invalid_uuid, 1 lone_surrogate, 1 nul_character\n$/,
  );
  const before = await listed(b);
  expect(new Set(before.map(({ received_at }) => received_at))).toEqual(new Set([RECEIVED_AT, null]));

  // The event was mended: a file for one, standard input for the message that was none.
  const file = join(scratch(), 'mended.json');
  const mended = event({ user_id: 'ab' });
  writeFileSync(file, JSON.stringify(mended, null, 2));
  const nul = await b.dlq(['replay', await sequenceOf(b, 'nul_character'), '--payload', file]);
  expect(nul).toMatchObject({ exitCode: 0 });
  expect(nul.stderr).toMatch(/^\d+: replayed \(nul_character, with the payload given\)\n$/);
  expect(JSON.parse(nul.stdout)).toEqual({ replayed: 1, failed: 0, missing: 0, untried: 0, dry_run: false });
  const several = JSON.stringify({ events: events(3) });
  const whole = await b.dlq(['replay', await sequenceOf(b, 'invalid_json'), '--edit', '-'], {
    stdin: several,
  });
  expect(whole).toMatchObject({ exitCode: 0 });
  await b.drained();
  expect((await b.totals()).rows).toBe(NEIGHBOURS + 4);
  const stored = await b.db.run(
    (sql) => sql<{ received_at: Date }[]>`SELECT received_at FROM events WHERE event_id = ${mended.event_id}`,
  );
  expect(stored[0]?.received_at.toISOString()).toBe(RECEIVED_AT);

  // Nothing was mended: they come back as new letters, and the old ones are gone.
  const old = (await lettersOf(b)).map(({ sequence }) => sequence);
  expect(old).toHaveLength(2);
  expect((await b.dlq(['replay', '--all'])).exitCode).toBe(0);
  await b.drained();
  const back = await hasLetters(b, 2);
  expect(back.map(({ reason }) => reason).sort()).toEqual(['invalid_uuid', 'lone_surrogate']);
  expect(Math.min(...back.map(({ sequence }) => sequence))).toBeGreaterThan(Math.max(...old));
  expect(back.flatMap(({ copies }) => copies)).toEqual([]);
  expect((await listed(b)).map(({ received_at }) => received_at)).toEqual([RECEIVED_AT, RECEIVED_AT]);
  expect((await b.totals()).rows).toBe(NEIGHBOURS + 4);

  await eventually(
    () => metric(writer, 'dead_letter_stream_messages'),
    (kept) => kept === 2,
  );
  expect(await metric(writer, 'dead_letter_oldest_age_seconds')).toBeGreaterThan(0);
  expect((await b.dlq(['drop', '--all', '--yes'])).exitCode).toBe(0);
  await eventually(
    () => metric(writer, 'dead_letter_oldest_age_seconds'),
    (age) => age === 0,
  );
});

test('what the database would not have is stored once the database is mended', async () => {
  const b = await bench(open);
  await b.db.run((sql) =>
    sql.unsafe(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NEW.user_id LIKE 'bad%' THEN RAISE EXCEPTION 'unsupported' USING ERRCODE = '22P05'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse()`),
  );
  const bad = events(300).map((e, i) => ({ ...e, user_id: `bad ${String(i)}` }));
  await b.publish([...events(20), ...bad, ...events(20)]);
  await b.startWriter();
  await hasLetters(b, 300);
  await b.drained();
  await b.db.run((sql) => sql.unsafe('DROP TRIGGER refuse ON events'));
  const dry = await b.dlq(['replay', '--reason', 'untranslatable_character', '--dry-run']);
  expect(dry.exitCode).toBe(0);
  expect(dry.stderr.trimEnd().split('\n')).toHaveLength(300);
  expect(JSON.parse(dry.stdout)).toMatchObject({ replayed: 300, dry_run: true });
  expect(await lettersOf(b)).toHaveLength(300);

  const replay = await b.dlq(['replay', '--reason', 'untranslatable_character', '--quiet']);
  expect(replay).toMatchObject({ exitCode: 0, stderr: '' });
  await b.drained();
  expect(await lettersOf(b)).toEqual([]);
  expect(await b.totals()).toMatchObject({
    rows: 340,
    distinctKeys: 340,
    logEvents: 340,
    activityDifferences: 0,
  });
});

test('killed between the event being in the stream and the letter being removed: replayed again, one row', async () => {
  const b = await bench(open);
  const lost = event();
  await put(b, { payload: Buffer.from(JSON.stringify(lost)) });
  const killed = await b.dlq(['replay', '1'], { env: { DLQ_FAILPOINT: 'after_publish' } });
  expect(killed).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  expect(await lettersOf(b)).toHaveLength(1);
  expect((await b.lag())?.messages).toBe(1);

  expect((await b.dlq(['replay', '1'])).exitCode).toBe(0);
  expect(await lettersOf(b)).toEqual([]);
  expect((await b.lag())?.messages).toBe(2);
  await b.startWriter();
  await b.drained();
  expect(await b.totals()).toMatchObject({ rows: 1, logEvents: 1, activityDifferences: 0 });
});

test('a payload that is no valid event is refused with all that is wrong, and nothing is done', async () => {
  const b = await bench(open);
  await put(b, {});
  const refused = async (stdin: string, words: RegExp) => {
    const { exitCode, stderr } = await b.dlq(['replay', '1', '--payload', '-'], { stdin });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(words);
  };
  await refused(
    JSON.stringify({ ...event(), user_id: '', extra: 1 }),
    /^1: the payload: .*user_id.*; extra is no field/,
  );
  await refused('{"event_id":', /it is not JSON/);
  await refused('{},{}', /it is not JSON/);
  await refused(JSON.stringify({ events: [event(), 7] }), /event 1: an event must be a JSON object/);
  await refused(JSON.stringify({ v: 3, events: [event()] }), /not of version 1 or 2/);
  await refused(
    `{"events":[${JSON.stringify(event()).replace('"test"', '9007199254740993')}]}`,
    /another number/,
  );
  expect(await lettersOf(b)).toHaveLength(1);
  expect((await b.lag())?.messages).toBe(0);
  const noFile = await b.dlq(['replay', '1', '--payload', '/nowhere.json']);
  expect(noFile).toMatchObject({ exitCode: 2 });
  expect(noFile.stderr).toMatch(/^dlq: --payload \/nowhere\.json: ENOENT/);
});

test('show tells everything: JSON indented, numbers as they were sent, other text as it is, the rest in hex', async () => {
  const b = await bench(open);
  await put(
    b,
    { payload: Buffer.from('{"event_id":"é","properties":{"n":9007199254740993,"empty":{}}}') },
    { payload: Buffer.from('not JSON \u001b[2J'), index: WHOLE_MESSAGE, reason: 'invalid_json' },
    { payload: Uint8Array.of(0xff, 0x41, 0), index: WHOLE_MESSAGE, reason: 'invalid_utf8' },
    // The first again.
    { streamSequence: 1 },
  );
  const show = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await b.dlq(['show', ...args]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    return stdout;
  };
  const json = await show('1');
  expect(json).toMatch(/^sequence {2}1\ncopies +at 4: the same letter\ntime +20/);
  expect(json).toMatch(
    /\nreason +untranslatable_character\nerror +words\nattempts +1\nstream +made at 2024-03-04T00:00:00Z\n/,
  );
  expect(json).toContain(
    '\n\n{\n  "event_id": "é",\n  "properties": {\n    "n": 9007199254740993,\n    "empty": {}\n  }\n}\n',
  );
  expect(await show('4')).toMatch(/^sequence {2}1\n/);
  expect(await show('2')).toMatch(/index +none: the whole message\n[^]*\n\nnot JSON \\u001b\[2J\n$/);
  expect(await show('3')).toMatch(/\n\n00000000 {2}ff 41 00 +\.A\.\n$/);
  expect(JSON.parse(await show('3', '--json'))).toMatchObject({ payload_base64: '/0EA', index: -1 });
  expect((await b.dlq(['list'])).stdout).toMatch(
    /3 dead letters in all: .*; 1 stand there twice and count once\n$/,
  );
});

test('drop: by sequence at once, by reason and all only with --yes, saved before where asked', async () => {
  const b = await bench(open);
  await put(
    b,
    {},
    { reason: 'nul_character' },
    { reason: 'nul_character', payload: Uint8Array.of(0xff) },
    {},
    {},
  );
  const unsure = await b.dlq(['drop', '--reason', 'nul_character']);
  expect(unsure).toMatchObject({ exitCode: 2, stdout: '' });
  expect(unsure.stderr).toBe('this would remove 2 dead letters for good: add --yes\n');
  expect((await b.dlq(['drop', '--all'])).exitCode).toBe(2);
  expect(await lettersOf(b)).toHaveLength(5);

  const file = join(scratch(), 'letters.ndjson');
  const before = await listed(b);
  const saved = await b.dlq(['drop', '--reason', 'nul_character', '--yes', '--to', file, '--json']);
  expect(saved.exitCode).toBe(0);
  expect(JSON.parse(saved.stdout)).toMatchObject({ dropped: 2, failed: 0, saved_to: file });
  expect(
    saved.stderr
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event),
  ).toEqual(['dropped', 'dropped']);
  const inFile = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  const withoutAge = (letters: object[]) => letters.map((letter) => ({ ...letter, age_seconds: 0 }));
  expect(withoutAge(inFile)).toEqual(withoutAge(before.slice(1, 3)));
  expect(inFile[1]).toMatchObject({ payload_base64: '/w==' });

  // A file that is there is not written over, and then nothing is removed.
  const again = await b.dlq(['drop', '--all', '--yes', '--to', file]);
  expect(again.exitCode).toBe(2);
  expect(again.stderr).toMatch(/^dlq: --to .*EEXIST/);
  expect((await lettersOf(b)).map(({ sequence }) => sequence)).toEqual([1, 4, 5]);

  const some = await b.dlq(['drop', '4', '2', '4']);
  expect(some.exitCode).toBe(3);
  expect(some.stderr).toMatch(/^there is no dead letter 2: .*\n4: dropped/);
  expect(JSON.parse(some.stdout)).toEqual({ dropped: 1, failed: 0, missing: 1, untried: 0, saved_to: null });
  expect((await b.dlq(['drop', '--all', '--yes'])).exitCode).toBe(0);
  expect((await b.dlq(['list'])).stdout).toBe('no dead letters\n');
});

test('nothing there, no such letter, no such stream: clear words and the right exit code', async () => {
  const b = await bench(open);
  const list = await b.dlq(['list']);
  expect(list.exitCode).toBe(0);
  expect(list.stdout).toBe(
    `no dead letters: the stream ${b.names.deadLetterStream} was never made, so nothing was ever put there\n`,
  );
  expect(await b.dlq(['show', '1'])).toMatchObject({ exitCode: 3, stdout: '' });
  expect(await b.dlq(['replay', '--all'])).toMatchObject({ exitCode: 0 });
  expect(await b.dlq(['drop', '--all'])).toMatchObject({ exitCode: 0 });
  await put(b, {}, {});
  const unknown = await b.dlq(['show', '3']);
  expect(unknown.exitCode).toBe(3);
  expect(unknown.stderr).toBe('there is no dead letter 3: it was never there, or was replayed or dropped\n');
  expect((await b.dlq(['replay', '3'])).exitCode).toBe(3);
  expect((await b.dlq(['replay', '--reason', 'other'])).stderr).toBe('no dead letters to replay\n');

  // Where there is no event stream, the letters stay.
  const nowhere = await b.dlq(['replay', '--all'], {
    env: {
      NATS_STREAM: 'NOWHERE',
      NATS_SUBJECT: 'nowhere',
      NATS_DEAD_LETTER_STREAM: b.names.deadLetterStream,
    },
  });
  expect(nowhere.exitCode).toBe(1);
  expect(nowhere.stderr).toMatch(/^1: no stream listens on the subject\n2: no stream/);
  expect(JSON.parse(nowhere.stdout)).toMatchObject({ replayed: 0, failed: 2 });
  expect(await lettersOf(b)).toHaveLength(2);
});

test('a NATS that cannot be reached is given up, without its password', async () => {
  const { exitCode, stdout, stderr } = await (
    await bench(open)
  ).dlq(['list'], { env: { NATS_URL: 'nats://user:secret@127.0.0.1:1' } });
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toMatch(/^NATS at 127\.0\.0\.1:1 cannot be reached: /);
  expect(stderr).not.toContain('secret');
});

test('an event whose payload is no JSON stays; the others go', async () => {
  const b = await bench(open);
  await put(b, { payload: Buffer.from('{"half":') }, {});
  const { exitCode, stdout, stderr } = await b.dlq(['replay', '--all']);
  expect(exitCode).toBe(3);
  expect(stderr).toMatch(/^1: its payload is not JSON: mend it .*\n2: replayed/);
  expect(JSON.parse(stdout)).toMatchObject({ replayed: 1, failed: 1, untried: 0 });
  expect((await lettersOf(b)).map(({ sequence }) => sequence)).toEqual([1]);
});
