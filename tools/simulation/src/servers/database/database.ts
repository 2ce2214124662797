import { DatabaseError, type Database } from '@event-analytics/timescale';
import type { Process } from '../../time/virtual-time.js';
import type { World } from '../../world.js';
import { connectionError, postgresError } from '../drivers.js';
import type { Network } from '../network.js';
import type { DatabaseServer, Outcome } from './server.js';
import { createSql } from './sql.js';
import { readStatement } from './statements.js';

const ANSWER_TIMEOUT_MS = 6_000;

/**
 * What connectDatabase gives: `run` with a connection for each call, given up when nothing is heard for too long.
 * Transactions of several statements are not simulated: the writer has none.
 */
export function createDatabase(
  world: World,
  o: { network: Network; server: DatabaseServer; client: Process },
): Database {
  const { time, faults } = world;

  const sql = createSql((text) => {
    const statement = readStatement(text);
    return ask((finish) => o.server.execute(statement, finish));
  });

  function ask(onServer: (finish: (outcome: Outcome) => void) => void): Promise<object[]> {
    return new Promise((resolve, reject) => {
      let close = (): void => undefined;
      const settle = (how: () => void): void => {
        cancel();
        close();
        how();
      };
      const cancel = time.after(ANSWER_TIMEOUT_MS, o.client, () => settle(() => reject(lateError())));
      const server = o.server.process();
      const isRefused = !server.alive || faults.strikes('connection_refused');
      if (isRefused) {
        const refuse = (): void => settle(() => reject(connectionError('ECONNREFUSED')));
        time.after(o.network.delayMs(), o.client, refuse);
        return;
      }
      const over = o.network.connect({
        client: o.client,
        server,
        onClientClosed: () => settle(() => reject(connectionError('CONNECTION_CLOSED'))),
      });
      close = () => over.close();
      over.toServer(() =>
        onServer((outcome) => {
          if (outcome.kind === 'silence') return;
          if (outcome.kind === 'lost') return over.cut();
          over.toClient(() =>
            settle(() => {
              if (outcome.kind === 'rows') resolve(outcome.rows);
              else reject(postgresError(outcome.sqlState));
            }),
          );
        }),
      );
    });
  }

  return {
    run: async (work) => await work(sql),
    transaction: () => Promise.reject(new Error('no transaction of several statements is simulated')),
    end: () => Promise.resolve(),
  };
}

function lateError(): DatabaseError {
  return new DatabaseError('answer_timeout', `PostgreSQL did not answer for ${ANSWER_TIMEOUT_MS} ms`);
}
