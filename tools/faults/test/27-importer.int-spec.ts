import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom, eventually, type ChildEnd } from '@event-analytics/testkit';
import { eventOf } from '../src/event-of.js';
import { noteAcknowledged, noteSent } from '../src/ledger.js';
import { rowsOfAll } from '../src/rows-of.js';
import { runCommand, startCommand } from '../src/run-command.js';
import { startWorld, type World } from '../src/world.js';
import { row, SEED, times } from './row.js';

const IMPORTER = 'importer/dist/main.js';
/** As the importer says it: some rows were rejected, all others are in. */
const SOME_REJECTED = 3;

describe('the importer', () => {
  let world: World;
  const random = createRandom(SEED);
  const scratch = mkdtempSync(join(tmpdir(), 'event-analytics-import-'));
  const file = join(scratch, 'events.csv');

  beforeAll(async () => {
    world = await startWorld({ seed: SEED });
  }, 60_000);
  afterAll(async () => {
    rmSync(scratch, { recursive: true });
    await world.stop();
  }, 60_000);

  const rows = () => rowsOfAll(world.db);
  const importIsConnected = async () => {
    const [seen] = await world.db.run(
      (sql) => sql<{ n: number }[]>`
        SELECT count(*)::int4 AS n FROM pg_stat_activity WHERE application_name = 'event-importer'`,
    );
    return (seen?.n ?? 0) > 0;
  };
  /** Chunks are small, so that much happens between any two kills. */
  const args = [
    'import',
    file,
    '--quiet',
    '--chunk-bytes',
    '65536',
    '--reject-file',
    join(scratch, 'rejects.csv'),
  ];
  const environment = () => ({ DATABASE_URL: world.servers.postgresUrl });

  /** Kills one import: as soon as it is connected, or once it has stored about so many rows that are new. */
  async function killed(newRows: number | 'at the beginning'): Promise<boolean> {
    await eventually('the last one is gone', 10_000, importIsConnected, (is) => !is);
    const before = await rows();
    const command = startCommand(IMPORTER, args, { env: environment() });
    let over = false;
    void command.ended.then(() => (over = true));
    await eventually(
      'it is at work',
      60_000,
      async () =>
        over ||
        (newRows === 'at the beginning' ? await importIsConnected() : (await rows()) > before + newRows),
      (is) => is,
    );
    command.kill('SIGKILL');
    return (await command.ended).signal === 'SIGKILL';
  }

  row(
    27,
    'killed again and again, then run twice more: rows = distinct rows of the file',
    async () => {
      const lines = times(300_000, 60_000);
      const { text, distinct, bad } = makeFile(lines);
      writeFileSync(file, text);
      const ledger = world.ownLedger();
      const events = [...distinct].map(eventOf);
      noteSent(ledger, events);

      const rowsAfterKills: number[] = [];
      const kills = times(10, 3);
      for (let kill = 0; kill < kills; kill += 1) {
        const newRows = random.below(lines / (3 * kills));
        expect(await killed(kill % 3 === 1 ? 'at the beginning' : newRows)).toBe(true);
        rowsAfterKills.push(await rows());
      }
      // In the middle: something was in, and not all.
      expect(rowsAfterKills.filter((n) => n > 0 && n < distinct.size)).not.toEqual([]);

      const whole = summaryOf(await runCommand(IMPORTER, args, { env: environment() }));
      expect(whole).toMatchObject({ rows: lines, rejected: bad, error: null, interrupted: false });
      expect(whole.inserted).toBeGreaterThan(0);
      expect(whole.stored_before).toBeGreaterThan(0);
      expect(whole.stored_before + whole.inserted + whole.duplicates).toBe(lines - bad);
      expect(await rows()).toBe(distinct.size);
      const again = summaryOf(await runCommand(IMPORTER, args, { env: environment() }));
      const nothing = { rows: lines, inserted: 0, rejected: bad };
      expect(again).toMatchObject({ ...nothing, duplicates: 0, stored_before: lines - bad });
      // A header, that of the file, and a line each.
      const rejects = readFileSync(join(scratch, 'rejects.csv'), 'utf8').trimEnd().split('\n');
      expect(rejects).toHaveLength(bad + 2);
      expect(new Set(rejects).size).toBe(rejects.length);
      const anew = summaryOf(await runCommand(IMPORTER, [...args, '--again'], { env: environment() }));
      expect(anew).toMatchObject({ ...nothing, duplicates: lines - bad, stored_before: 0 });
      expect(await rows()).toBe(distinct.size);

      noteAcknowledged(ledger, events);
      const check = await world.check();
      expect(check.violations).toEqual([]);
      expect(check.compared).toBeGreaterThan(0);
    },
    { timeoutMs: 300_000 },
  );

  /** Rows of which one in ten was there before, near or far, and one in a hundred is bad. */
  function makeFile(lines: number): { text: string; distinct: Set<string>; bad: number } {
    const ids: string[] = [];
    const text = ['event_id,occurred_at,user_id,event_type,properties_json'];
    let bad = 0;
    for (let i = 0; i < lines; i += 1) {
      const dice = random.fraction();
      if (dice < 0.01) {
        bad += 1;
        text.push(
          random.pick([`no-uuid,2024-05-01T00:00:00Z,u,t,{}`, `${random.uuid()},yesterday,u,t,{}`, 'short']),
        );
        continue;
      }
      const isAgain = dice < 0.1 && ids.length > 0;
      const id = isAgain ? random.pick(ids) : random.uuid();
      if (!isAgain) ids.push(id);
      const { occurred_at, user_id, event_type } = eventOf(id);
      // The same instant, spelt otherwise.
      const at = isAgain ? occurred_at.replace('Z', '+00:00') : occurred_at;
      text.push(`${id},${at},${user_id},${event_type},"{""line"":${String(i)}}"`);
    }
    return { text: `${text.join('\n')}\n`, distinct: new Set(ids), bad };
  }
});

interface Summary {
  rows: number;
  inserted: number;
  duplicates: number;
  stored_before: number;
  rejected: number;
  error: string | null;
  interrupted: boolean;
}

function summaryOf({ exitCode, stdout, stderr }: ChildEnd): Summary {
  if (exitCode !== SOME_REJECTED) throw new Error(`exit code ${String(exitCode)}: ${stderr}`);
  return JSON.parse(stdout) as Summary;
}
