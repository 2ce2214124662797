import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseServer } from '../servers/database/server.js';
import type { Network } from '../servers/network.js';
import type { Process } from '../time/virtual-time.js';
import type { World } from '../world.js';

const FOLD_EVERY_MS = 300;
const ROWS_MAX = 5;
const ANSWER_TIMEOUT_MS = 6_000;

/**
 * Folds the activity log again and again. The production fold is SQL from end to end; of it only the outline is here: it
 * takes rows and merges them in one transaction. To be called as its process.
 */
export async function runIndexer(
  { time }: World,
  o: { process: Process; network: Network; database: DatabaseServer },
): Promise<void> {
  for (;;) {
    await sleep(FOLD_EVERY_MS);
    await fold();
  }

  /** Whatever becomes of it: the next one takes what is there. */
  function fold(): Promise<void> {
    return new Promise((resolve) => {
      const server = o.database.process();
      if (!server.alive) return resolve();
      const finish = (): void => {
        cancel();
        connection.close();
        resolve();
      };
      const cancel = time.after(ANSWER_TIMEOUT_MS, o.process, finish);
      const connection = o.network.connect({ client: o.process, server, onClientClosed: finish });
      connection.toServer(() =>
        o.database.fold(ROWS_MAX, (outcome) => {
          if (outcome.kind === 'lost') connection.cut();
          else connection.toClient(finish);
        }),
      );
    });
  }
}
