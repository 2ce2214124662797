/** The load process: makes requests beforehand, sends them as it is told to, and keeps the ledger. */
import { EVENT_TYPES } from '../../queries/population.js';
import { seededRandom } from '../../queries/random.js';
import { createBatchMaker, createBatchPool, createStamper, type BatchPool } from './bodies.js';
import { createLedgerBook } from './ledger.js';
import type { LoadReply, LoadRequest, PoolRequest } from './protocol.js';
import { sendLoad } from './send-load.js';

const users = Number(process.argv[2]);
const seed = Number(process.argv[3]);
const maker = createBatchMaker({ users, random: seededRandom(seed, 0) });
const stamper = createStamper(Date.now);
const book = createLedgerBook({ users, typeNames: EVENT_TYPES });
const pools = new Map<string, BatchPool>();

function poolFor({ batchEvents, withInvalid }: PoolRequest): BatchPool {
  const name = `${String(batchEvents)} ${String(withInvalid)}`;
  const pool = pools.get(name) ?? createBatchPool(maker.batches({ batchEvents, withInvalid }));
  pools.set(name, pool);
  return pool;
}

async function answer(request: LoadRequest): Promise<unknown> {
  switch (request.kind) {
    case 'prepare':
      poolFor(request);
      return undefined;
    case 'load':
      return await sendLoad(request, {
        pool: poolFor(request),
        stamper,
        book: request.counted ? book : undefined,
      });
    case 'ledger':
      return book.totals();
  }
}

process.on('message', (request: LoadRequest) => {
  answer(request).then(
    (value) => reply({ value }),
    (error: unknown) => reply({ error: error instanceof Error ? error.message : String(error) }),
  );
});
// Whoever asked is gone.
process.on('disconnect', () => process.exit());
// Ctrl-C is for the one who asked.
process.on('SIGINT', () => undefined);

function reply(message: LoadReply): void {
  if (process.connected) process.send?.(message);
}
