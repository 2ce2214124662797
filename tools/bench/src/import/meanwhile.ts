import type { Database } from '@event-analytics/timescale';
import { setTimeout as sleep } from 'node:timers/promises';
import { countRows } from '../database.js';
import { startEndToEnd } from '../ingest/end-to-end.js';
import { startLoadGenerator } from '../ingest/load/load-client.js';
import type { LoadFigures } from '../ingest/load/protocol.js';
import { NotCountedExactly, untilCounted } from '../ingest/verify.js';
import type { HistoryFile } from './csv-file.js';
import { summaryOf, type Importer } from './our-import.js';
import type { Program } from './run-program.js';
import type { Measured } from './yardsticks.js';

const BATCH_EVENTS = 100;
const WARM_UP_SECONDS = 2;
const LOOK_MS = 20;

export interface MeanwhileFigures {
  /** Events a second that the gateway acknowledged: before the import, while it ran, and after it. */
  before: LoadFigures;
  during: LoadFigures;
  after: LoadFigures;
  /** Rows that the import had brought when the load ended; it was stopped then. */
  imported: number;
  importSeconds: number;
  /** Whether the import ran as long as the load: else `during` says too much. */
  ranThroughout: boolean;
}

/**
 * The whole stack under load in closed loop, alone and while the same database is imported into; every event that was
 * acknowledged is counted in the end.
 * @throws NotCountedExactly
 */
export async function measureMeanwhile(
  { stack, progress }: Measured,
  importer: Importer,
  file: HistoryFile,
  o: { users: number; connections: number; seconds: number },
): Promise<MeanwhileFigures> {
  const load = startLoadGenerator({ users: o.users, seed: Date.now() % 2 ** 31 });
  try {
    const system = await startEndToEnd(stack, load);
    try {
      const pool = { batchEvents: BATCH_EVENTS, withInvalid: false };
      await load.prepare(pool);
      const send = async (name: string, seconds: number): Promise<LoadFigures> => {
        const { gateway } = system;
        const { connections } = o;
        const plan = {
          ...pool,
          connections,
          seconds,
          ids: 'new',
          counted: true,
          port: gateway.port,
        } as const;
        const figures = await load.send(plan);
        progress(`gateway ${name}: ${Math.round(figures.eventsPerSecond).toLocaleString('en')} events/s`);
        return figures;
      };
      const settled = async () => untilCounted(system, await system.ledger(), progress);

      await send('to warm up', Math.min(WARM_UP_SECONDS, o.seconds));
      await settled();
      const before = await send('alone', o.seconds);
      await settled();
      const program = importer.start(file, system.databaseUrl);
      await begun(system.db, program);
      const during = await send('while an import runs', o.seconds);
      const ranThroughout = !program.hasEnded();
      program.child.kill('SIGTERM');
      const run = await program.ended;
      const { inserted } = summaryOf(run, true);
      await settled();
      const after = await send('alone again', o.seconds);
      await settled();

      const ledger = await system.ledger();
      const rows = await countRows(system.db);
      if (rows !== ledger.events + inserted)
        throw new NotCountedExactly(
          `${String(rows)} rows, ${String(ledger.events)} were acknowledged and ${String(inserted)} imported`,
        );
      return { before, during, after, imported: inserted, importSeconds: run.seconds, ranThroughout };
    } finally {
      await system.stop();
    }
  } finally {
    await load.stop();
  }
}

/** Until the import has its row: it has come so far that it ends in order when it is told to. */
async function begun(db: Database, program: Program): Promise<void> {
  for (;;) {
    const imports = await db.run((sql) => sql`SELECT FROM imports LIMIT 1`);
    if (imports.length > 0 || program.hasEnded()) return;
    await sleep(LOOK_MS);
  }
}
